/** The end of a delivery window, from the queue to the peer: a last attempt that can still succeed, and then no more. */
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MINUTE, makeIdSource, type Priority } from '#core';
import { makeRecorder } from '#events';
import { makeQueue, type Queue } from '#queue';
import { type ScriptedMx, type ScriptedMxOptions, startScriptedMx } from '../../support/scripted-mx.mjs';
import { ADDRESS, type MemorySpool, makeMemorySpool, messageOf } from '../queue/support/messages.js';
import { type Harness, makeHarness } from './support/harness.js';

const START = 1_700_000_000_000;
const WINDOW = 5 * MINUTE;
/** Of timers and dates that the test moves on; sockets keep their own. */
const clock = { now: () => Date.now(), monotonic: () => Date.now() - START };

let spool: MemorySpool;
let queue: Queue;
let mx: ScriptedMx;
let harness: Harness;

beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  spool = makeMemorySpool();
});
afterEach(async () => {
  vi.useRealTimers();
  await harness.delivery.stop(100);
  queue.stop();
  await mx.close();
});

/** Puts a message that is given up after the window; gives what is told of it. */
async function send(script: ScriptedMxOptions): Promise<() => { event: string; severity?: string; 'delivery-status': { code: number } }[]> {
  mx = await startScriptedMx(script);
  const ids = makeIdSource(clock);
  const recorder = makeRecorder({ clock });
  const logger = pino({ level: 'silent' });
  queue = makeQueue({ spool, clock, ids, recorder, logger, accountId: async () => 'a'.repeat(24), onEvents: () => undefined });
  harness = makeHarness({ port: mx.port, clock, from: queue }, { 'dst.example': { mx: ['mx.dst.test'] } });
  await queue.start();
  const message = { ...messageOf(ids.next(), { acceptedAt: START }), expiresAt: START + WINDOW };
  const delivery = { id: ids.next(), recipient: ADDRESS, destinationName: 'dst.example', priority: 0 as Priority, due: START };
  await queue.put({ message, deliveries: [delivery], events: [] });
  return () => spool.events.map(({ body }) => JSON.parse(body));
}

const told = (count: number) => expect.poll(() => spool.events.length, { timeout: 10_000 }).toBe(count);

/** Lets the time pass until what is left is due; gives how long after acceptance that is, ms. */
async function untilDue(): Promise<number> {
  const [row] = spool.rows.values();
  if (row === undefined) throw new Error('nothing waits');
  await vi.advanceTimersByTimeAsync(row.due - clock.now());
  return row.due - START;
}

it('is late enough to be the last, and early enough to succeed', async () => {
  let isBusy = true;
  const events = await send({ script: { rcpt: () => (isBusy ? '451 4.2.1 mailbox busy' : undefined) } });
  await told(1);
  isBusy = false;
  const last = await untilDue();
  expect(last).toBeGreaterThan(WINDOW - 2 * MINUTE);
  expect(last).toBeLessThan(WINDOW);
  await told(2);
  expect(events()).toMatchObject([{ event: 'failed', severity: 'temporary' }, { event: 'delivered' }]);
  expect(mx.messages).toHaveLength(1);
});

it('is followed by the end of the message, without another', async () => {
  const events = await send({ script: { rcpt: '451 4.2.1 mailbox busy' } });
  await told(1);
  await untilDue();
  await told(2);
  expect(await untilDue()).toBe(WINDOW);
  await told(3);
  expect(events()).toMatchObject([
    { event: 'failed', severity: 'temporary', 'delivery-status': { code: 451 } },
    { event: 'failed', severity: 'temporary', 'delivery-status': { code: 451 } },
    { event: 'failed', severity: 'permanent', 'delivery-status': { code: 602 } },
  ]);
  expect(spool.rows.size).toBe(0);
  expect(mx.sessions.flatMap(({ commands }) => commands.filter((line) => line.startsWith('RCPT')))).toHaveLength(2);
});
