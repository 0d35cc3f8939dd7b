/** One try of one delivery: the steps in order, and the loop that runs, times, counts and logs them. Never rejects. */
import type { Logger } from 'pino';
import { type Clock, type Message, type Outcome, ownReply } from '#core';
import type { Directory } from '#directory';
import type { TranscriptLog } from '#events';
import { storedForm } from '#messages';
import type { Suspects } from '#queue';
import type { ClassifyBounce } from '#replies';
import type { Routes } from '#routing';
import type { ClientSession, ConnectionPool } from '#smtp-client';
import type { SpoolStore } from '#store';
import type { Workers } from '#workers';
import type { Reach } from '../paths/paths.js';
import type { SitePolicies } from '../shaping/site-policies.js';
import type { Taken } from '../sources/ready-queue.js';
import { deferred } from './end-attempt.js';
import { makeOpenSession } from './open-session.js';
import { reachOf } from './reach-of.js';
import { makeRender } from './render.js';
import { requireTls } from './require-tls.js';
import { makeResolveMx } from './resolve-mx.js';
import { makeScreen } from './screen.js';
import { makeSend } from './send.js';
import { makeSignDkim, SIGN_DKIM } from './sign-dkim.js';
import type { Attempt, AttemptStep, StepResult } from './step.js';

export interface AttemptDeps {
  directory: Pick<Directory, 'domains'>;
  spool: Pick<SpoolStore, 'openBody'>;
  workers: Pick<Workers, 'run' | 'atOnce'>;
  pool: ConnectionPool;
  clock: Clock;
  logger: Logger;
  routes: Routes;
  classify: ClassifyBounce;
  policies: SitePolicies;
  /** ms, up to the final dot. */
  attemptMs: number;
  /** True once nothing new may be sent. */
  isStopping: () => boolean;
  /** Told what was said in attempts that did not succeed, and in successes after one that did not. */
  conversations?: Pick<TranscriptLog, 'note'> | undefined;
  /** Watches over work on messages that may end us; nobody is suspected unless given. */
  suspects?: Pick<Suspects, 'isOut' | 'work' | 'survived'> | undefined;
  /** Told what is begun, for the log should it never end. */
  note?: ((words: string) => void) | undefined;
  /** Keeps what was delivered for whoever asked for copies. */
  keepCopy: (attempt: Attempt) => Promise<void>;
}

export interface AttemptStats {
  outcomes: Record<Outcome['kind'], number>;
  /** Time spent in each step, ms, and how often it ran. */
  steps: Record<string, { count: number; ms: number }>;
}

/** What came of an attempt, and what it showed of the path. */
export interface AttemptResult {
  outcome: Outcome;
  reach: Reach;
  /** Connections that were tried. */
  opened: number;
}

export interface SessionWatch {
  /** From now on the attempt uses the session that this gives, if any. */
  follow(session: () => Pick<ClientSession, 'stage' | 'progress' | 'giveUp'> | undefined): void;
}

export interface Attempts {
  /** `watch` is told which session the attempt uses. */
  run(taken: Taken, message: Message, watch: SessionWatch): Promise<AttemptResult>;
  stats(): AttemptStats;
}

const OPEN_SESSION = 'open-session';
/** Once because a connection was gone, once because a host put the message off. */
const MAX_RECONNECTS = 2;

export function makeAttempts(deps: AttemptDeps): Attempts {
  const { clock, logger, pool, suspects } = deps;
  const steps: readonly AttemptStep[] = [
    makeScreen(deps),
    makeResolveMx(deps),
    requireTls,
    makeOpenSession(deps),
    makeRender(deps),
    makeSignDkim(deps),
    makeSend(deps),
  ];
  const reconnectAt = steps.findIndex(({ name }) => name === OPEN_SESSION);
  const stats: AttemptStats = {
    outcomes: { delivered: 0, deferred: 0, failed: 0, released: 0 },
    steps: Object.fromEntries(steps.map(({ name }) => [name, { count: 0, ms: 0 }])),
  };

  /** It is noted who is worked on: should that end us, the next start knows. */
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
      if (step === undefined || deps.isStopping()) break;
      const result = await runStep(step, attempt);
      if (result === 'next') {
        if (step.name === SIGN_DKIM) suspects?.survived(attempt.delivery);
        index++;
        continue;
      }
      if (attempt.session !== undefined) {
        if (isWorthTelling(attempt, result)) attempt.transcripts.push(attempt.session.transcript());
        pool.release(attempt.session, attempt.maxMessages);
      }
      attempt.session = undefined;
      // One that this message is not fit for ends nothing that another one put off.
      if (result !== 'reconnect') return result.kind === 'failed' && result.stage === 'local' ? (attempt.putOff ?? result) : result;
      if (++reconnects > MAX_RECONNECTS) return deferred(attempt, 'connect', ownReply(421, '4.4.2', 'Connection lost repeatedly'));
      index = reconnectAt;
    }
    if (attempt.session !== undefined) pool.release(attempt.session, attempt.maxMessages);
    return { kind: 'released' };
  }

  async function begin({ delivery, via }: Taken, message: Message): Promise<Attempt> {
    const domain = await deps.directory.domains.find(message.domain);
    return {
      delivery,
      message,
      via,
      domain,
      startedAt: clock.now(),
      deadline: clock.monotonic() + deps.attemptMs,
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

  return {
    async run(taken, message, watch) {
      const attempt = await begin(taken, message);
      watch.follow(() => attempt.session);
      const outcome = await runSteps(attempt);
      if (outcome.kind !== 'released' && attempt.sessionBegan !== undefined) outcome.sessionMs = clock.monotonic() - attempt.sessionBegan;
      stats.outcomes[outcome.kind]++;
      // In test mode nobody was connected to, and nothing was sent.
      if (outcome.kind === 'delivered' && attempt.sessionBegan !== undefined) await deps.keepCopy(attempt);
      noteConversations(deps.conversations, attempt, outcome);
      log(logger, attempt, outcome);
      return { outcome, reach: reachOf(outcome, attempt), opened: attempt.opened };
    },
    stats: () => stats,
  };
}

/** Of a first attempt that succeeds, the event tells enough; making the text would cost each message something. */
const isWorthTelling = ({ delivery }: Attempt, result: StepResult) =>
  typeof result === 'string' || result.kind !== 'delivered' || delivery.attempts > 0;

function noteConversations(log: AttemptDeps['conversations'], attempt: Attempt, outcome: Outcome): void {
  const { transcripts, delivery, message, startedAt } = attempt;
  if (log === undefined || transcripts.length === 0 || outcome.kind === 'released') return;
  const { account, id, recipient, attempts } = delivery;
  const { messageId } = message.facts.headers;
  const fields = { account, delivery: id, messageId, recipient, attempt: attempts + 1, at: startedAt, outcome: outcome.kind };
  log.note({ ...fields, text: transcripts.join('\n') });
}

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
