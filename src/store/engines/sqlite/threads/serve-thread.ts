/**
 * The worker's side of a store thread. It takes all calls that wait in its inbox, runs the writes of each file as one group commit, then the reads,
 * and then answers. Reads come after the commit, so no answer ever shows a row that may still be rolled back.
 */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { makeHistogram } from '#metrics';
import type { CommitStats } from '../../../stores.js';
import { type GroupMemory, type Handlers, makeHandlers, type Nouns } from '../database/nouns.js';
import type { Connection } from '../database/open-database.js';
import { toWireError } from '../database/wire-error.js';
import { makeCommitGroup, type ThreadAnswer, type ThreadCall } from './commit-group.js';

/** What a thread does with one database file: its operations are called `NAME.OPERATION`. */
interface Unit {
  name: string;
  database: Connection;
  reads: Handlers;
  writes: Handlers;
  memory: GroupMemory;
}

export type ThreadRequest = ThreadCall[] | 'close';
export type ThreadReply = ThreadAnswer[] | { ready: readonly string[] } | { failed: string } | { died: string } | { closed: true };

export interface ThreadData {
  dataDir: string;
}

/** What every thread answers in addition to the operations of its files, under the name `thread`. */
export type ThreadOperations = { commitStats(): CommitStats[] };

/** A file that this thread alone writes. */
export const makeWriterUnit = <Memory extends GroupMemory>(
  name: string,
  database: Connection,
  nouns: Nouns<Memory>,
  memory: Memory,
): Unit => ({
  name,
  database,
  reads: makeHandlers(nouns, ({ lookups }) => lookups?.(database, memory)),
  writes: makeHandlers(nouns, ({ writes }) => writes?.(database, memory)),
  memory,
});

/** A file that another thread writes. */
export const makeReaderUnit = (name: string, database: Connection, nouns: Nouns<never>): Unit => ({
  name,
  database,
  reads: makeHandlers(nouns, ({ lists }) => lists?.(database)),
  writes: {},
  memory: {},
});

/** Opens the thread's files and serves until it is told to close. What `open` throws is reported to the main thread, not thrown. */
export function serveThread(open: (dataDir: string) => Unit[]): void {
  const port = parentPort;
  if (!port) throw new Error('a store thread must be started as a worker');
  let units: Unit[];
  try {
    units = open((workerData as ThreadData).dataDir);
  } catch (error) {
    reply(port, { failed: error instanceof Error ? error.message : String(error) });
    return;
  }
  // We report the error ourselves, because Node passes some errors (such as DataCloneError) to the main thread as empty objects.
  process.on('uncaughtException', (error) => die(port, error.message));
  const { operations, runGroup } = makeRunGroup(units);
  port.on('message', (first: ThreadRequest) => {
    const { calls, isLast } = drain(port, first);
    if (calls.length > 0) reply(port, runGroup(calls));
    if (units.some(({ memory }) => memory.lost?.())) die(port, 'another process writes its files');
    if (isLast) {
      for (const unit of units) closeUnit(unit);
      reply(port, { closed: true });
      port.close();
    }
  });
  reply(port, { ready: operations });
}

function die(port: MessagePort, cause: string): never {
  reply(port, { died: cause });
  process.exit(1);
}

const reply = (port: MessagePort, message: ThreadReply) => port.postMessage(message);

function drain(port: MessagePort, first: ThreadRequest): { calls: ThreadCall[]; isLast: boolean } {
  const calls: ThreadCall[] = [];
  for (
    let request: ThreadRequest | undefined = first;
    request !== undefined;
    request = receiveMessageOnPort(port)?.message as ThreadRequest | undefined
  ) {
    if (request === 'close') return { calls, isLast: true };
    for (const call of request) calls.push(call);
  }
  return { calls, isLast: false };
}

function makeRunGroup(units: Unit[]): { operations: string[]; runGroup: (calls: ThreadCall[]) => ThreadAnswer[] } {
  const writers = units
    .filter((unit) => !unit.database.readonly)
    .map(({ name, database, writes, memory }) => {
      const meter = makeCommitMeter(name);
      return { writes: named(name, writes), meter, commitGroup: makeCommitGroup(database, memory, meter.observe) };
    });
  const own: ThreadOperations = { commitStats: () => writers.map(({ meter }) => meter.stats()) };
  const reads: Handlers = Object.assign(named('thread', own), ...units.map((unit) => named(unit.name, unit.reads)));
  return {
    operations: [...Object.keys(reads), ...writers.flatMap(({ writes }) => Object.keys(writes))],
    runGroup(calls) {
      const answers: ThreadAnswer[] = [];
      let rest = calls;
      for (const { writes, commitGroup } of writers) {
        const group = rest.filter((call) => Object.hasOwn(writes, call.method));
        if (group.length === 0) continue;
        for (const answer of commitGroup(group, writes)) answers.push(answer);
        rest = rest.filter((call) => !Object.hasOwn(writes, call.method));
      }
      for (const call of rest) answers.push(runRead(call, reads));
      return answers;
    },
  };
}

const named = (name: string, handlers: Handlers): Handlers =>
  Object.fromEntries(Object.entries(handlers).map(([operation, handler]) => [`${name}.${operation}`, handler]));

function runRead(call: ThreadCall, reads: Handlers): ThreadAnswer {
  try {
    const read = Object.hasOwn(reads, call.method) ? reads[call.method] : undefined;
    if (!read) throw new Error(`this store thread has no method ${call.method}`);
    return { id: call.id, value: read(...call.args) };
  } catch (error) {
    return { id: call.id, error: toWireError(error) };
  }
}

function closeUnit({ database }: Unit): void {
  try {
    if (!database.readonly) database.pragma('wal_checkpoint(TRUNCATE)');
  } catch {
    // If the checkpoint fails (full disk), the WAL stays and the next open replays it. Nothing is lost.
  }
  database.close();
}

/** Measures the group commits of one database file, in the thread that makes them. */
interface CommitMeter {
  /** ms for the whole group, and ms of the COMMIT, which waits for the disk. */
  observe(calls: number, groupMs: number, commitMs: number): void;
  stats(): CommitStats;
}

/** Seconds. */
const LATENCY_BOUNDS = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const SIZE_BOUNDS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

function makeCommitMeter(database: string): CommitMeter {
  const group = makeHistogram(LATENCY_BOUNDS);
  const fsync = makeHistogram(LATENCY_BOUNDS);
  const size = makeHistogram(SIZE_BOUNDS);
  return {
    observe(calls, groupMs, commitMs) {
      group.observe(groupMs / 1000);
      fsync.observe(commitMs / 1000);
      size.observe(calls);
    },
    stats: () => ({ database, group: group.snapshot(), fsync: fsync.snapshot(), size: size.snapshot() }),
  };
}
