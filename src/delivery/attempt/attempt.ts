/** One try of one delivery: the steps in order, and the loop that runs, times, counts and logs them. Everything that attempts share is made here. */
import type { Logger } from 'pino';
import type { BounceRules, ShapingRules } from '#config';
import { type Clock, type Outcome, ownReply } from '#core';
import type { Directory } from '#directory';
import { storedForm } from '#messages';
import type { Suspects } from '#queue';
import { makeBounceClassifier } from '#replies';
import type { Routes } from '#routing';
import { type DeliveryTimeouts, makeConnectionPool } from '#smtp-client';
import type { SpoolStore } from '#store';
import type { Workers } from '#workers';
import { makeSiteShaping } from '../shaping/site-policies.js';
import type { AttemptListener, AttemptResult, AttemptStats, Attempts, AttemptTask } from './boundary.js';
import { deferred } from './end-attempt.js';
import { makeOpenSession } from './open-session.js';
import { reachOf } from './reach-of.js';
import { makeRender } from './render.js';
import { makeProgressReports } from './report-progress.js';
import { requireTls } from './require-tls.js';
import { makeResolveMx } from './resolve-mx.js';
import { makeScreen } from './screen.js';
import { makeSend, wireBytes } from './send.js';
import { makeSignDkim, SIGN_DKIM } from './sign-dkim.js';
import type { Attempt, AttemptStep, StepResult } from './step.js';

/** The services of the side that attempts run on, and settings. */
export interface AttemptDeps {
  directory: Pick<Directory, 'domains'>;
  spool: Pick<SpoolStore, 'openBody'>;
  workers: Pick<Workers, 'run' | 'atOnce'>;
  routes: Routes;
  clock: Clock;
  logger: Logger;
  listener: AttemptListener;
  /** Notes durably whose message is being worked on; nobody notes it unless given. */
  suspects?: Pick<Suspects, 'work'> | undefined;
  /** Told what is begun, for the log should it never end. */
  note?: ((words: string) => void) | undefined;
  settings: AttemptSettings;
}

export interface AttemptSettings {
  /** What replies mean. */
  bounceRules: BounceRules;
  /** How fast each provider takes our mail. */
  shapingRules: ShapingRules;
  timeouts: DeliveryTimeouts;
  /** Unused connections that are kept, of all peers. */
  maxIdle: number;
  /** PEM certificates trusted beside the public authorities. */
  extraCa: readonly string[];
  /** What our own greeting says, to know ourselves by. */
  ownWord?: string | undefined;
}

const OPEN_SESSION = 'open-session';
/** One because a connection was gone, and one because a host put the message off. */
const MAX_RECONNECTS = 2;

export function makeAttempts(deps: AttemptDeps): Attempts {
  const { clock, logger, listener, routes, suspects, settings } = deps;
  const pool = makeConnectionPool({ clock, ...settings });
  const classify = makeBounceClassifier(settings.bounceRules);
  const shapingOf = makeSiteShaping({ rules: settings.shapingRules, siteFacts: routes.siteFacts, clock });
  const reports = makeProgressReports(listener.onProgress);
  const steps: readonly AttemptStep[] = [
    makeScreen(deps),
    makeResolveMx({ routes, shapingOf }),
    requireTls,
    makeOpenSession({ ...deps, pool, classify }),
    makeRender(deps),
    makeSignDkim(deps),
    makeSend({ clock, classify }),
  ];
  const reconnectAt = steps.findIndex(({ name }) => name === OPEN_SESSION);
  const stats: Omit<AttemptStats, 'connections'> = {
    outcomes: { delivered: 0, deferred: 0, failed: 0, released: 0 },
    steps: Object.fromEntries(steps.map(({ name }) => [name, { count: 0, ms: 0 }])),
  };

  let isDraining = false;

  /** Notes first whose message is worked on, so that the next start knows it if that brings the server down. */
  function workOn(step: AttemptStep, attempt: Attempt): StepResult | Promise<StepResult> {
    const { delivery } = attempt;
    deps.note?.(`${step.name}: delivery ${delivery.id} of message ${delivery.message}`);
    return suspects === undefined ? step.run(attempt) : suspects.work(delivery, () => step.run(attempt));
  }

  async function runStep(step: AttemptStep, attempt: Attempt): Promise<StepResult> {
    const began = clock.monotonic();
    try {
      const result = step.worksOnMessage === true ? workOn(step, attempt) : step.run(attempt);
      return result instanceof Promise ? await result : result;
    } catch (err) {
      logger.error({ err, step: step.name, delivery: attempt.delivery.id }, 'delivery step failed');
      return deferred(attempt, 'local', ownReply(451, '4.3.0', 'Internal error'));
    } finally {
      const sum = stats.steps[step.name];
      if (sum !== undefined) {
        sum.count++;
        sum.ms += clock.monotonic() - began;
      }
    }
  }

  async function runSteps(attempt: Attempt): Promise<Outcome> {
    let reconnects = 0;
    for (let index = 0; index < steps.length; ) {
      const step = steps[index];
      if (step === undefined || isDraining) break;
      const result = await runStep(step, attempt);
      if (result === 'next') {
        if (step.name === SIGN_DKIM) listener.onSurvived(attempt.delivery);
        index++;
        continue;
      }
      if (attempt.session !== undefined) {
        if (isWorthTelling(attempt, result)) attempt.transcripts.push(attempt.session.transcript());
        pool.release(attempt.session, attempt.maxMessages);
      }
      attempt.session = undefined;
      // When this host cannot take the message at all, what another host said when it put the message off still holds.
      if (result !== 'reconnect') return result.kind === 'failed' && result.stage === 'local' ? (attempt.putOff ?? result) : result;
      if (++reconnects > MAX_RECONNECTS) return deferred(attempt, 'connect', ownReply(421, '4.4.2', 'Connection lost repeatedly'));
      index = reconnectAt;
    }
    if (attempt.session !== undefined) pool.release(attempt.session, attempt.maxMessages);
    return { kind: 'released' };
  }

  async function begin({ delivery, message, via, limits }: AttemptTask): Promise<Attempt> {
    const domain = await deps.directory.domains.find(message.domain);
    return {
      delivery,
      message,
      via,
      limits,
      domain,
      startedAt: clock.now(),
      deadline: clock.monotonic() + settings.timeouts.attempt,
      transport: undefined,
      hops: [],
      sts: undefined,
      tls: 'may',
      siteTls: 'may',
      maxMessages: 1,
      opened: 0,
      session: undefined,
      barrier: undefined,
      connection: {},
      sessionBegan: undefined,
      isFresh: false,
      leftBehind: new Set(),
      putOff: undefined,
      transcripts: [],
      rendered: storedForm(message, deps.spool),
      signature: undefined,
    };
  }

  /** What was delivered, for whoever asked for copies. In test mode nobody was connected to, and nothing was sent. */
  async function copyOf(attempt: Attempt, outcome: Outcome): Promise<Uint8Array | undefined> {
    if (outcome.kind !== 'delivered' || attempt.sessionBegan === undefined || attempt.message.options.archiveTo === undefined)
      return undefined;
    try {
      return await wireBytes(attempt);
    } catch (err) {
      logger.error({ err, delivery: attempt.delivery.id }, 'the copy of a delivered message could not be made');
      return undefined;
    }
  }

  async function finish(attempt: Attempt): Promise<AttemptResult> {
    const outcome = await runSteps(attempt);
    if (outcome.kind !== 'released' && attempt.sessionBegan !== undefined) outcome.sessionMs = clock.monotonic() - attempt.sessionBegan;
    stats.outcomes[outcome.kind]++;
    log(logger, attempt, outcome);
    const { opened, transcripts } = attempt;
    const transcript = transcripts.length === 0 || outcome.kind === 'released' ? undefined : transcripts.join('\n');
    return { outcome, reach: reachOf(outcome, attempt), opened, transcript, copy: await copyOf(attempt, outcome) };
  }

  return {
    async run(task) {
      const attempt = await begin(task);
      reports.begin(task.delivery.id, () => attempt.session);
      return finish(attempt).finally(() => reports.end(task.delivery.id));
    },
    giveUp: reports.giveUp,
    drain() {
      isDraining = true;
      pool.drain();
    },
    abort: pool.abortAll,
    stats: () => ({ ...stats, connections: pool.stats() }),
  };
}

/** Not for a first attempt that succeeds: the event tells enough, and making the text would cost each message something. */
const isWorthTelling = ({ delivery }: Attempt, result: StepResult) =>
  typeof result === 'string' || result.kind !== 'delivered' || delivery.attempts > 0;

function log(logger: Logger, { delivery, message }: Attempt, outcome: Outcome): void {
  const level = outcome.kind === 'delivered' || outcome.kind === 'released' ? 'debug' : 'info';
  if (!logger.isLevelEnabled(level)) return;
  const { id, destinationName, account } = delivery;
  const fields = { outcome: outcome.kind, message: message.id, delivery: id, destination: destinationName, account };
  logger[level]({ ...fields, ...(outcome.kind === 'released' ? {} : told(outcome)) }, 'delivery attempt');
}

function told(outcome: Exclude<Outcome, { kind: 'released' }>) {
  const { reply, connection, sessionMs } = outcome;
  return {
    reply: `${reply.code} ${reply.text}`,
    mx: connection.mxHost,
    source: connection.sendingIp,
    ip: connection.mxHostIp,
    tls: connection.tls,
    sessionMs: Math.round(sessionMs),
    ...(outcome.kind === 'delivered' ? {} : { stage: outcome.stage, reason: outcome.reason }),
    ...(outcome.kind === 'deferred' && outcome.uncertain ? { uncertain: true } : {}),
  };
}
