/**
 * Keeps messages that may have brought the server down from doing so again. After a start their deliveries are deferred, so that all other mail goes
 * first; then each has its trial: it is tried alone, while no other message is worked on.
 */
import { open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock, Delivery } from '#core';
import type { WaitReason } from '../flows/wait-reason.js';
import { addStrikes, afterSurvival, isOut, MOST_STRIKES, readSuspicions, type Suspicions, writeSuspicions } from './suspicions.js';
import { openWorkLog, type Work } from './work-log.js';

export interface SuspectsDeps {
  /** The folder of the two files that say what is in work and what is suspected. */
  dataDir: string;
  clock: Clock;
  logger: Logger;
  /** How long after a start the first trial begins, ms. */
  trialAfterMs?: number;
}

export interface Suspects {
  /** False: it is deferred until its trial. Cheap while no message is suspected. */
  mayTake(row: Delivery): boolean;
  /** It was in work at too many ends of the process: it must be failed without reading its message. */
  isOut(row: Pick<Delivery, 'id' | 'message'>): boolean;
  /** Runs the work on a delivery's message. The work on a suspected one waits until no other runs, and no other runs beside it. */
  work<T>(row: Delivery, run: () => Promise<T> | T): Promise<T> | T;
  /** The work on its message is over and the server still runs: the message is no longer suspected. */
  survived(row: Pick<Delivery, 'id' | 'message'>): void;
  /** Its turn is over. */
  returned(row: Pick<Delivery, 'id'>): void;
  /** Why it waits, for people. */
  why(row: Pick<Delivery, 'id' | 'message'>): WaitReason | undefined;
  /** Trials begin. `bringBack` makes what was deferred of a flow due again, from this delivery on. */
  start(bringBack: (row: Delivery) => void): void;
  /** Call when no work runs any more. */
  stop(): Promise<void>;
}

const TRIAL_AFTER_MS = 30_000;
/** Between two trials, ms. */
const BETWEEN_MS = 20;
/** After this long the next trial begins even when the last one is not over, because its destination is held or slow, ms. */
const LONGEST_TRIAL = 10 * 60_000;

/** When it resolves, what was in work when the last process ended is suspected, and that is written down. */
export async function makeSuspects({ dataDir, clock, logger, trialAfterMs = TRIAL_AFTER_MS }: SuspectsDeps): Promise<Suspects> {
  const file = join(dataDir, 'suspects.json');
  const log = openWorkLog(join(dataDir, 'in-work'));
  const known = readSuspicions(await readSmallFile(file), clock.now());
  const suspicions: Suspicions = addStrikes(known, log.left, clock.now());
  if (log.left.length > 0) {
    for (const work of log.left) tell(work);
    await replaceSmallFile(file, writeSuspicions(suspicions));
  }
  log.clear();

  /** The first deferred delivery of each message in each flow, and every delivery that has strikes. */
  const deferred = new Map<string, Delivery>();
  let bringBack: (row: Delivery) => void = () => undefined;
  let trial: { row: Delivery; since: number } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let nextAt = 0;
  /** How many messages are in work now. */
  let working = 0;
  /** The delivery on trial, while no other may be in work. */
  let alone: number | undefined;
  /** Wake work that waits for its turn. */
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
    const [next] = [...deferred].sort(([, one], [, other]) => turnsBefore(one) - turnsBefore(other));
    if (next === undefined) return;
    const [key, row] = next;
    deferred.delete(key);
    trial = { row, since: clock.monotonic() };
    logger.info({ message: row.message, delivery: row.id }, 'trying a delivery alone');
    bringBack(row);
  }

  /**
   * The fewer strikes, the earlier: one strike is hardly proof. A delivery without a strike comes after the others of its message, so that a harmful
   * batch is recognised by few of its deliveries.
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

  /** Waits until the trial of another is over; for one on trial, until no other is in work. */
  async function turnOf(row: Delivery): Promise<void> {
    const wait = () => new Promise<void>((wake) => waiting.push(wake));
    while (alone !== undefined && alone !== row.id) await wait();
    if (!isOnTrial(row)) return;
    // From now on no other work begins.
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
      if (suspicion === undefined || !suspicion.awaitsTrial || isOut(suspicion, row.id) || isOnTrial(row)) return true;
      const key = keyOf(row);
      const first = deferred.get(key);
      if (first === undefined || row.due < first.due || (row.due === first.due && row.id < first.id)) deferred.set(key, row);
      return false;
    },
    isOut: (row) => {
      const suspicion = suspicions.get(row.message);
      return suspicion !== undefined && isOut(suspicion, row.id);
    },
    work: (row, run) => (alone !== undefined || isOnTrial(row) ? turnOf(row).then(() => runNow(row, run)) : runNow(row, run)),
    survived(row) {
      const suspicion = suspicions.get(row.message);
      if (suspicion === undefined || !suspicion.awaitsTrial) return;
      const remaining = afterSurvival(suspicion);
      if (remaining === undefined) suspicions.delete(row.message);
      else suspicions.set(row.message, remaining);
      logger.info({ message: row.message, delivery: row.id }, 'a delivery that was suspected did no harm');
      save();
      for (const [key, other] of [...deferred]) {
        if (other.message !== row.message) continue;
        deferred.delete(key);
        if (other.id !== row.id) bringBack(other);
      }
    },
    returned(row) {
      if (!isOnTrial(row)) return;
      trial = undefined;
      if (deferred.size > 0) arm(BETWEEN_MS);
    },
    why(row) {
      const suspicion = suspicions.get(row.message);
      if (suspicion === undefined || !suspicion.awaitsTrial || isOut(suspicion, row.id)) return undefined;
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

/** Undefined when there is none. */
async function readSmallFile(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** After a crash the file is the old one or the new one, never a part of either. Durable when it resolves. One at a time for each file. */
async function replaceSmallFile(file: string, text: string): Promise<void> {
  const partial = `${file}.partial`;
  const handle = await open(partial, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(partial, file);
  const folder = await open(dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
