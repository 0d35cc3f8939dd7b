/** One delivery on its lane: reads its message, has it attempted, and lets everybody learn from what came of it. The lane does what is decided. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Clock, type Delivery, HOUR, MINUTE, makeExpiringSet, ownReply, randomJitter } from '#core';
import type { Directory } from '#directory';
import type { Recorder } from '#events';
import type { Queue, Suspects, Verdict } from '#queue';
import type { Attempts, AttemptTask } from '../attempt/boundary.js';
import type { Path, Paths, Reach } from '../paths/paths.js';
import type { Throttle } from '../shaping/throttle.js';
import type { ReadyQueue, Taken } from '../sources/ready-queue.js';
import type { KeepRecords } from './keep-records.js';
import { decideVerdict, type EndedAttempt } from './outcome.js';
import type { ShapingAction } from './shaping-action.js';
import type { StallingMessages } from './stalling-messages.js';
import type { Stalls } from './stalls.js';
import type { Suspensions } from './suspensions.js';

export interface AttemptDeliveryDeps {
  queue: Pick<Queue, 'message' | 'isHeld'>;
  readyQueue: Pick<ReadyQueue, 'ended'>;
  directory: Pick<Directory, 'accounts'>;
  recorder: Recorder;
  paths: Pick<Paths, 'note'>;
  suspensions: Pick<Suspensions, 'begin' | 'end'>;
  throttle: Pick<Throttle, 'opened' | 'maxMessages'>;
  shapingAction: ShapingAction;
  attempts: Pick<Attempts, 'run'>;
  stalls: Pick<Stalls, 'begin' | 'passed'>;
  stalling: Pick<StallingMessages, 'note'>;
  keepRecords: KeepRecords;
  /** Deliveries that ended the server too often; there are none unless given. */
  crashes?: Pick<Suspects, 'isOut'> | undefined;
  /** Nothing more is to be taken for the path. */
  onSuspended: (path: Path) => void;
  clock: Clock;
  logger: Logger;
}

/** Pause of a lane after an error of this server's own, ms. */
const ERROR_PAUSE = 2000;
/** A delivery that was one too many for its path is given back without an event only once in this time, ms. */
const SPARED_MS = 10 * MINUTE;

/** What becomes of a delivery that was taken: a verdict, back to the queue as if it had not been taken, or deferred until a hold is released. */
export type Decision = Verdict | 'back' | 'held';

/** Outcome of an attempt that ended in an error of this server. */
const OWN_ERROR: EndedAttempt['outcome'] = {
  kind: 'deferred',
  stage: 'local',
  reply: ownReply(451, '4.3.0', 'Internal error'),
  reason: 'generic',
  connection: {},
  sessionMs: 0,
};

/** Never rejects. */
export type AttemptDelivery = (path: Path, taken: Taken) => Promise<Decision>;

export function makeAttemptDelivery(deps: AttemptDeliveryDeps): AttemptDelivery {
  const { queue, readyQueue, paths, suspensions, throttle, stalls, stalling, clock, logger } = deps;
  /** Deliveries that were given back without an event because they were one too many for their path. */
  const spared = makeExpiringSet({ clock, lifetimeMs: SPARED_MS, maxSize: 10_000 });

  async function attemptDelivery(path: Path, taken: Taken): Promise<Decision> {
    const { delivery } = taken;
    try {
      const startedAt = clock.now();
      const message = await queue.message(delivery.message);
      if (message === undefined) return unread(delivery, 'Message is missing from the spool', HOUR);
      if (queue.isHeld(delivery, message)) return 'held';
      const accountId = await deps.directory.accounts.publicId(message.account);
      return await tryOnce(path, taken, { delivery, message, accountId, source: path.source, startedAt });
    } catch (err) {
      logger.error({ err, delivery: delivery.id }, 'delivery could not be attempted');
      await sleep(ERROR_PAUSE, undefined, { ref: false });
      // Perhaps only this row cannot be read. Those behind it need not wait for it.
      return unread(delivery, 'Message could not be read from the spool', MINUTE);
    }
  }

  async function tryOnce(path: Path, taken: Taken, facts: Omit<EndedAttempt, 'outcome' | 'now' | 'jitter'>): Promise<Decision> {
    const end = (outcome: EndedAttempt['outcome'], notBefore?: number): Verdict =>
      decideVerdict({ ...facts, outcome, now: clock.now(), jitter: randomJitter(), notBefore }, deps.recorder);
    const task: AttemptTask = { delivery: taken.delivery, message: facts.message, via: taken.via, limits: limitsOf(path, taken.delivery) };
    const endWatch = stalls.begin(path, taken.delivery);
    try {
      const result = await deps.attempts.run(task);
      const kept = deps.keepRecords(task, facts.startedAt, result);
      if (kept !== undefined) await kept;
      const { outcome, reach, opened } = result;
      if (reach === 'reached') stalls.passed(path);
      stalling.note(path, taken.delivery, reach);
      throttle.opened(path, opened);
      const hasOtherWay = readyQueue.ended(path, taken, outcome, reach);
      if (outcome.kind === 'released' || isOneTooMany(path, taken.delivery, outcome, reach)) return 'back';
      // Done even when another source is tried next: what the peer said of this source holds for the mail that follows.
      const notBefore = deps.shapingAction(path, taken.delivery, outcome);
      if (path.suspendedUntil > 0) deps.onSuspended(path);
      return hasOtherWay ? 'back' : end(outcome, notBefore);
    } catch (err) {
      // This server failed at something in this message. Tried again at once it would keep its lane for ever, or arrive each time.
      logger.error({ err, delivery: taken.delivery.id }, 'delivery ended in an error of this server');
      return end(OWN_ERROR);
    } finally {
      endWatch();
    }
  }

  const limitsOf = (path: Path, delivery: Delivery): AttemptTask['limits'] => ({
    maxMessages: throttle.maxMessages(path),
    isPoisonous: deps.crashes?.isOut(delivery) === true,
  });

  /** Learns from the outcome. True when the peer only had no room for another connection, so that the message was not tried. */
  function isOneTooMany(path: Path, delivery: Delivery, outcome: EndedAttempt['outcome'], reach: Reach): boolean {
    const wasSuspended = path.suspendedUntil > 0;
    const noted = paths.note(path, reach, delivery.message);
    if (!wasSuspended && path.suspendedUntil > 0) {
      deps.onSuspended(path);
      const what =
        reach === 'cut' || reach === 'closed' ? 'sessions end in the midst of one message after the other' : 'no session could be had';
      suspensions.begin(path, `${what}: ${outcome.reply.text}`);
    } else if (wasSuspended && path.suspendedUntil === 0) suspensions.end(path);
    if (noted !== 'crowded' || outcome.kind !== 'deferred' || spared.has(String(delivery.id))) return false;
    spared.add(String(delivery.id));
    return true;
  }

  /** For a row whose message cannot be read: nothing can be sent, and an event could say nothing. It stays in the queue, where the operator sees it. */
  function unread(delivery: Delivery, text: string, wait: number): Verdict {
    const now = clock.now();
    logger.error({ delivery: delivery.id, message: delivery.message, wait }, text);
    const last = {
      ...delivery.last,
      firstAttemptAt: delivery.last?.firstAttemptAt ?? now,
      code: 451,
      enhancedCode: '4.3.0',
      message: text,
    };
    return { kind: 'defer', due: now + wait, attempts: delivery.attempts, last, events: [] };
  }

  return attemptDelivery;
}
