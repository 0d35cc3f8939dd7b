/**
 * HTTP requests that wait for customers' servers. Each origin has a worker of its own that asks the store for what is first, so that memory is
 * O(origins + requests under way) and nobody waits for somebody else's server. A crash between the answer and the note of it sends once more.
 */
import type { Logger } from 'pino';
import { badRequest, type Clock } from '#core';
import { checkUrl, type HttpClient } from '#net';
import type { EventStore, HttpCall } from '#store';
import { makeByteBudget } from './byte-budget.js';
import { decideCallRetry, LONGEST_CALL_DELAY } from './retry.js';

export interface NewCall {
  /** Names what it tells of; the same id put twice is sent once. */
  id: string;
  account: number;
  url: string;
  contentType: string;
  body: Uint8Array;
}

export interface CallQueueStats {
  taken: number;
  unwanted: number;
  retried: number;
  givenUp: number;
  origins: number;
}

export interface CallQueue {
  put(call: NewCall): Promise<void>;
  start(): Promise<void>;
  /** Requests under way are cut, and made again after the next start. */
  stop(): Promise<void>;
  stats(): CallQueueStats;
}

export interface CallQueueDeps {
  store: Pick<EventStore, 'putCall' | 'callOrigins' | 'firstCalls' | 'call' | 'postponeCall' | 'removeCall'>;
  http: HttpClient;
  clock: Clock;
  logger: Logger;
}

const PER_ORIGIN = 4;
const REQUEST_MS = 10_000;
const BYTES_UNDER_WAY = 64 * 1024 * 1024;
/** After a failure of the store. */
const STORE_RETRY_MS = 5000;
/** Node's timers cannot wait longer than 24.8 days; nothing here is due later than hours. */
const LONGEST_WAIT_MS = 60 * 60 * 1000;

interface Worker {
  running: boolean;
  /** Something was put while it ran. */
  again: boolean;
  timer: NodeJS.Timeout | undefined;
}

export function makeCallQueue({ store, http, clock, logger }: CallQueueDeps): CallQueue {
  const workers = new Map<string, Worker>();
  const budget = makeByteBudget(BYTES_UNDER_WAY);
  const counts = { taken: 0, unwanted: 0, retried: 0, givenUp: 0 };
  const runs = new Set<Promise<void>>();
  let isStopped = false;

  async function attempt(id: string): Promise<void> {
    const call = await store.call(id);
    if (call === undefined) return;
    const result = await http.request({
      url: call.url,
      method: 'POST',
      headers: { 'Content-Type': call.contentType },
      body: call.body,
      timeoutMs: REQUEST_MS,
      maxBytes: 1024,
    });
    if (isStopped) return;
    const attempts = call.attempts + 1;
    const status = result.kind === 'response' ? result.status : undefined;
    const verdict = decideCallRetry(status, attempts);
    const why = result.kind === 'response' ? `answered ${result.status}` : result.text;
    if (verdict.kind === 'retry') {
      counts.retried++;
      return store.postponeCall(id, attempts, clock.now() + verdict.afterMs);
    }
    if (verdict.kind === 'given-up') {
      counts.givenUp++;
      logger.warn({ call: id, origin: call.origin, attempts, why }, 'gave up an HTTP call');
    } else counts[verdict.kind]++;
    await store.removeCall(id);
  }

  /** Makes the calls of the origin that are due, a few at a time. Gives when to look again; undefined when nothing is left. */
  async function workOff(origin: string): Promise<number | undefined> {
    while (!isStopped) {
      const first = await store.firstCalls(origin, PER_ORIGIN);
      const now = clock.now();
      // A time later than the longest delay: the clock was set back.
      const due = first.filter((call) => call.due <= now || call.due > now + LONGEST_CALL_DELAY);
      if (due.length === 0) return first[0]?.due;
      await Promise.all(
        due.map(async ({ id, size }) => {
          const giveBack = await budget.take(size);
          await attempt(id).finally(giveBack);
        }),
      );
    }
    return undefined;
  }

  async function run(origin: string, worker: Worker): Promise<void> {
    worker.running = true;
    let next: number | undefined;
    try {
      do {
        worker.again = false;
        next = await workOff(origin);
      } while (worker.again && !isStopped);
    } catch (err) {
      logger.error({ err, origin }, 'HTTP calls could not be worked off');
      next = clock.now() + STORE_RETRY_MS;
    }
    worker.running = false;
    if (isStopped || next === undefined) workers.delete(origin);
    else {
      const wait = Math.min(LONGEST_WAIT_MS, Math.max(0, next - clock.now()));
      worker.timer = setTimeout(() => wake(origin), wait).unref();
    }
  }

  function wake(origin: string): void {
    if (isStopped) return;
    const worker = workers.get(origin) ?? { running: false, again: false, timer: undefined };
    workers.set(origin, worker);
    clearTimeout(worker.timer);
    worker.timer = undefined;
    worker.again = true;
    if (worker.running) return;
    const running = run(origin, worker).finally(() => runs.delete(running));
    runs.add(running);
  }

  return {
    async put({ id, account, url, contentType, body }) {
      const target = checkUrl(url, { allowPrivate: true, allowPort: () => true });
      if (target.kind === 'refused') throw badRequest(target.text);
      const now = clock.now();
      const call: HttpCall = { id, account, origin: target.url.origin, url, contentType, body, attempts: 0, due: now, createdAt: now };
      await store.putCall(call);
      wake(call.origin);
    },
    async start() {
      for (const { origin } of await store.callOrigins()) wake(origin);
    },
    async stop() {
      isStopped = true;
      for (const { timer } of workers.values()) clearTimeout(timer);
      http.close();
      await Promise.all(runs);
    },
    stats: () => ({ ...counts, origins: workers.size }),
  };
}
