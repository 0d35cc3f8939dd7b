/** Makes a submission a committed message: reads it and runs the pipeline, and leaves nothing behind when either fails. */
import { Refusal } from '#core';
import { makeIdleNotices } from '#directory';
import type { BodyWriter, SpoolStore } from '#store';
import { acceptedAs, type Draft, readDraft } from './draft/draft.js';
import { makeOwnTrace } from './draft/own-trace.js';
import { makeRejections } from './draft/rejections.js';
import type { IntakeContext } from './draft/step.js';
import type { Intake } from './draft/submission.js';
import { isVariablesContainer, unwrapVariables } from './draft/unwrap-variables.js';
import { runPipeline } from './pipeline.js';
import type { Pressure } from './pressure/pressure.js';

export interface IntakeDeps extends Omit<IntakeContext, 'spool' | 'rejections' | 'ownTrace' | 'noteIdle'> {
  /** The server's own secret. */
  serverKey: Uint8Array;
  spool: Pick<SpoolStore, 'newBody' | 'openBody' | 'putEvents' | 'idempotencyRecord'>;
  pressure: Pick<Pressure, 'refusal'>;
  /** Called after every commit of events. */
  onEvents: () => void;
}

export function makeIntake(deps: IntakeDeps): Intake {
  const context: IntakeContext = {
    ...{ ...deps, rejections: makeRejections(deps) },
    ...{ ownTrace: makeOwnTrace(deps.serverKey), noteIdle: makeIdleNotices(deps.logger) },
  };

  /** The message inside the container becomes the draft. */
  async function unwrap(container: Draft, writers: BodyWriter[]): Promise<Draft> {
    const writer = deps.spool.newBody();
    writers.push(writer);
    try {
      const draft = await unwrapVariables(container, deps.spool.openBody(container.body), writer);
      await writers.shift()?.discard();
      return draft;
    } catch (error) {
      if (error instanceof Refusal) await context.rejections.note(container, error);
      throw error;
    }
  }

  /** Keeps track of the bodies that steps make, so that they are removed when the message is refused. */
  const keepingWriters = (writers: BodyWriter[]): IntakeContext['spool'] => ({
    openBody: (body) => deps.spool.openBody(body),
    newBody() {
      const writer = deps.spool.newBody();
      writers.push(writer);
      return writer;
    },
  });

  /** Removes every body but the last, which is the committed message's. One that cannot be removed now is removed at the next start. */
  async function forgetReplaced(writers: BodyWriter[]): Promise<void> {
    for (const writer of writers.slice(0, -1)) {
      await writer.discard().catch((err: unknown) => deps.logger.warn({ err }, 'a body that was replaced is left until the next start'));
    }
  }

  return {
    refusalNow: (account) => deps.pressure.refusal(account),
    idempotencyRecord: (domain, key) => deps.spool.idempotencyRecord(domain.account, domain.name, key, deps.clock.now()),
    async accept(submission) {
      const refusal = deps.pressure.refusal(submission.account);
      if (refusal !== undefined) throw refusal;
      const first = deps.spool.newBody();
      const writers = [first];
      try {
        const recipients = [...new Set(submission.recipients)];
        const read = await readDraft({ ...submission, recipients }, first, deps.clock.now());
        const start = isVariablesContainer(read) ? await unwrap(read, writers) : read;
        const draft = await runPipeline(start, { ...context, spool: keepingWriters(writers) });
        if (writers.length > 1) await forgetReplaced(writers);
        return acceptedAs(draft);
      } catch (error) {
        await Promise.all(writers.map((writer) => writer.discard()));
        throw error;
      }
    },
  };
}
