/** Takes a submission from a door to a committed message: read it, run the pipeline, leave nothing behind when either fails. */
import type { SpoolStore } from '#store';
import { acceptedAs } from './accepted-as.js';
import { readDraft } from './draft.js';
import { runPipeline } from './pipeline.js';
import type { Pressure } from './pressure/pressure.js';
import { makeRejections } from './rejections.js';
import type { IntakeContext } from './step.js';
import type { Intake } from './submission.js';

export interface IntakeDeps extends Omit<IntakeContext, 'spool' | 'rejections'> {
  spool: Pick<SpoolStore, 'newBody' | 'openBody' | 'putEvents' | 'givenAnswer'>;
  pressure: Pick<Pressure, 'refusal'>;
  /** Called after every commit of events. */
  onEvents: () => void;
}

export function makeIntake(deps: IntakeDeps): Intake {
  const context: IntakeContext = { ...deps, rejections: makeRejections(deps) };
  return {
    refusalNow: (account) => deps.pressure.refusal(account),
    givenAnswer: (domain, key) => deps.spool.givenAnswer(domain.account, domain.name, key, deps.clock.now()),
    async accept(submission) {
      const refusal = deps.pressure.refusal(submission.account);
      if (refusal !== undefined) throw refusal;
      const writer = deps.spool.newBody();
      try {
        const recipients = [...new Set(submission.recipients)];
        const draft = await readDraft({ ...submission, recipients }, writer, deps.clock.now());
        return acceptedAs(await runPipeline(draft, context));
      } catch (error) {
        await writer.discard();
        throw error;
      }
    },
  };
}
