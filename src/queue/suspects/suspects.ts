/**
 * Keeps messages that may have brought the server down from doing so again: their deliveries rest after a start, so that everybody else's mail goes first,
 * and are then tried one at a time, with nothing else being made ready beside them.
 */

import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock, Delivery } from '#core';
import type { WaitReason } from '../flows/wait-reason.js';
import { readSmallFile, replaceSmallFile } from './small-file.js';
import { addStrikes, afterSurvival, isOut, MOST_STRIKES, readSuspicions, type Suspicions, writeSuspicions } from './suspicions.js';
import { openWorkLog, type Work } from './work-log.js';

export interface SuspectsDeps {
  /** Where it is kept who is being worked on, and who is suspected. */
  dataDir: string;
  clock: Clock;
  logger: Logger;
  /** How long they rest after a start, ms. */
  trialAfterMs?: number;
}

export interface Suspects {
  /** False: it rests, and comes back for its trial. Cheap while nobody is suspected. */
  mayTake(row: Delivery): boolean;
  /** It was in hand too often: it is to be failed without a look at its message. */
  isOut(row: Pick<Delivery, 'id' | 'message'>): boolean;
  /** Works on the message of a delivery; one that is suspected does so while no other works. */
  work<T>(row: Delivery, run: () => Promise<T> | T): Promise<T> | T;
  /** Everything that its message could do to us has been done: nothing of the message is suspected any more. */
  survived(row: Pick<Delivery, 'id' | 'message'>): void;
  /** Its turn is over. */
  returned(row: Pick<Delivery, 'id'>): void;
  /** Why it waits, for people. */
  why(row: Pick<Delivery, 'id' | 'message'>): WaitReason | undefined;
  /** Trials begin. `bringBack` makes what rests due again, from this delivery of its flow on. */
  start(bringBack: (row: Delivery) => void): void;
  /** Nobody works any more. */
  stop(): Promise<void>;
}

const REST_MS = 30_000;
/** Between two trials, ms. */
const BETWEEN_MS = 20;
/** A trial that has not begun or ended by then, because its destination is held or slow, keeps others waiting no longer, ms. */
const LONGEST_TRIAL = 10 * 60_000;

/** What was in hand when the process before this one ended is suspected, durably, when it resolves. */
export async function makeSuspects({ dataDir, clock, logger, trialAfterMs = REST_MS }: SuspectsDeps): Promise<Suspects> {
  const file = join(dataDir, 'suspects.json');
  const log = openWorkLog(join(dataDir, 'in-work'));
  const known = readSuspicions(await readSmallFile(file), clock.now());
  const suspicions: Suspicions = addStrikes(known, log.left, clock.now());
  if (log.left.length > 0) {
    for (const work of log.left) tell(work);
    await replaceSmallFile(file, writeSuspicions(suspicions));
  }
  log.clear();

  /** The first of each flow that was met and rests, and all that have strikes. */
  const resting = new Map<string, Delivery>();
  let bringBack: (row: Delivery) => void = () => undefined;
  let trial: { row: Delivery; since: number } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let nextAt = 0;
  /** Messages being worked on now, and who waits for none or for the trial to be over. */
  let working = 0;
  /** The delivery that nobody else works beside. */
  let alone: number | undefined;
  let waiting: (() => void)[] = [];
  let writing = Promise.resolve();

  function tell({ message, delivery }: Work): void {
    const suspicion = suspicions.get(message);
    const facts = { message, delivery, times: suspicion?.strikes[delivery] };
    if (suspicion !== undefined && isOut(suspicion, delivery))
      logger.error(facts, 'the server ended once more while it worked on this delivery: it is failed');
    else logger.warn(facts, 'the server ended while it worked on this delivery: it rests, and is then tried alone');
  }

  const keyOf = (row: Delivery) => {
    const hasStrikes = suspicions.get(row.message)?.strikes[row.id] !== undefined;
    return hasStrikes ? String(row.id) : `${row.account} ${row.priority} ${row.destinationName} ${row.message}`;
  };

  function save(): void {
    const text = writeSuspicions(suspicions);
    writing = writing
      .then(() => replaceSmallFile(file, text))
      .catch((err: unknown) => logger.error({ err }, 'could not write down who is suspected'));
  }

  function arm(ms: number): void {
    clearTimeout(timer);
    nextAt = clock.now() + ms;
    timer = setTimeout(tryNext, ms).unref();
  }

  function tryNext(): void {
    const isTrying = trial !== undefined && clock.monotonic() - trial.since < LONGEST_TRIAL;
    if (!isTrying) beginTrial();
    arm(trialAfterMs);
  }

  function beginTrial(): void {
    trial = undefined;
    const [next] = [...resting].sort(([, one], [, other]) => turnsBefore(one) - turnsBefore(other));
    if (next === undefined) return;
    const [key, row] = next;
    resting.delete(key);
    trial = { row, since: clock.monotonic() };
    logger.info({ message: row.message, delivery: row.id }, 'trying a delivery alone');
    bringBack(row);
  }

  /**
   * Those that were in hand only once are hardly to blame and go first; those that never were are not tried before the others of their message, so that
   * a poisonous batch is found out by few.
   */
  const turnsBefore = ({ id, message }: Delivery) => suspicions.get(message)?.strikes[id] ?? MOST_STRIKES;

  function wakeWaiting(): void {
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  }

  const isOnTrial = ({ id }: Pick<Delivery, 'id'>) => trial?.row.id === id;

  function begin(row: Delivery): () => void {
    working++;
    const end = log.begin({ message: row.message, delivery: row.id });
    return () => {
      working--;
      if (alone === row.id) alone = undefined;
      end();
      if (waiting.length > 0) wakeWaiting();
    };
  }

  /** Until nobody works beside it, or until the one who must be alone is done. */
  async function turnOf(row: Delivery): Promise<void> {
    const wait = () => new Promise<void>((wake) => waiting.push(wake));
    while (alone !== undefined && alone !== row.id) await wait();
    if (!isOnTrial(row)) return;
    // From now on nobody else begins.
    alone = row.id;
    while (working > 0) await wait();
  }

  function runNow<T>(row: Delivery, run: () => Promise<T> | T): Promise<T> | T {
    const end = begin(row);
    let result: Promise<T> | T;
    try {
      result = run();
    } catch (error) {
      end();
      throw error;
    }
    if (result instanceof Promise) return result.finally(end);
    end();
    return result;
  }

  return {
    mayTake(row) {
      const suspicion = suspicions.size === 0 ? undefined : suspicions.get(row.message);
      if (suspicion === undefined || !suspicion.isResting || isOut(suspicion, row.id) || isOnTrial(row)) return true;
      const key = keyOf(row);
      const first = resting.get(key);
      if (first === undefined || row.due < first.due || (row.due === first.due && row.id < first.id)) resting.set(key, row);
      return false;
    },
    isOut: (row) => {
      const suspicion = suspicions.get(row.message);
      return suspicion !== undefined && isOut(suspicion, row.id);
    },
    work: (row, run) => (alone !== undefined || isOnTrial(row) ? turnOf(row).then(() => runNow(row, run)) : runNow(row, run)),
    survived(row) {
      const suspicion = suspicions.get(row.message);
      if (suspicion === undefined || !suspicion.isResting) return;
      const rest = afterSurvival(suspicion);
      if (rest === undefined) suspicions.delete(row.message);
      else suspicions.set(row.message, rest);
      logger.info({ message: row.message, delivery: row.id }, 'a delivery that was suspected did no harm');
      save();
      for (const [key, other] of [...resting]) {
        if (other.message !== row.message) continue;
        resting.delete(key);
        if (other.id !== row.id) bringBack(other);
      }
    },
    returned(row) {
      if (!isOnTrial(row)) return;
      trial = undefined;
      if (resting.size > 0) arm(BETWEEN_MS);
    },
    why(row) {
      const suspicion = suspicions.get(row.message);
      if (suspicion === undefined || !suspicion.isResting || isOut(suspicion, row.id)) return undefined;
      const count = suspicion.strikes[row.id] ?? 0;
      const own =
        count > 0
          ? `It was being worked on when the server ended (${count} of ${MOST_STRIKES})`
          : 'Its message was being worked on when the server ended';
      return { reason: `${own}: it rests, and is then tried alone`, until: nextAt > 0 ? nextAt : undefined };
    },
    start(bring) {
      bringBack = bring;
      if (suspicions.size > 0) arm(trialAfterMs);
    },
    async stop() {
      clearTimeout(timer);
      await writing;
      log.close();
    },
  };
}
