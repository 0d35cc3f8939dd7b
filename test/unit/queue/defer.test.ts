/** What whoever takes from the queue cannot deliver for now: whole flows that wait in line, and rows that are deferred until they are brought back. */
import { pino } from 'pino';
import { beforeEach, expect, it } from 'vitest';
import { type Delivery, makeIdSource, type Priority } from '#core';
import { makeRecorder } from '#events';
import { makeQueue, type Queue } from '#queue';
import { ADDRESS, makeMemorySpool, messageOf } from './support/messages.ts';

const SITE = 'mx.test';
const NOW = 1_700_000_000_000;
let queue: Queue;
let due: string[];
let nextId = 1;

beforeEach(async () => {
  due = [];
  const clock = { now: () => NOW, monotonic: () => NOW };
  queue = makeQueue({
    spool: makeMemorySpool(),
    clock,
    ids: makeIdSource(clock),
    recorder: makeRecorder({ clock }),
    logger: pino({ level: 'silent' }),
    accountId: async () => 'a'.repeat(24),
    onEvents: () => undefined,
  });
  queue.listen({
    onDue: (site) => due.push(site),
    onUnplaced: (destination) => queue.place(destination, SITE, Number.POSITIVE_INFINITY),
    explain: () => undefined,
    explainDeferral: () => undefined,
    explainTaken: () => undefined,
  });
  await queue.start();
});

function put(count: number, account = 1) {
  const rows = Array.from({ length: count }, () => ({
    id: nextId++,
    recipient: ADDRESS,
    destinationName: 'dst.example',
    priority: 0 as Priority,
    due: NOW,
  }));
  return queue.put({ message: messageOf(nextId++, { account }), deliveries: rows, events: [] });
}

async function takeAll(): Promise<Delivery[]> {
  const all: Delivery[] = [];
  for (let idle = 0; idle < 4; ) {
    const taken = queue.take(SITE, 50);
    all.push(...taken);
    idle = taken.length > 0 ? 0 : idle + 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return all;
}

it('nothing more is taken of a flow that is deferred, and the others go on', async () => {
  await put(5, 1);
  await put(5, 2);
  const [first] = queue.take(SITE, 1);
  if (first === undefined) throw new Error('nothing was taken');
  const readmit = queue.deferFlow(first);
  const others = await takeAll();
  expect(others.map(({ account }) => account)).toEqual(Array(5).fill(first.account === 1 ? 2 : 1));

  due.length = 0;
  readmit();
  expect(due).toEqual([SITE]);
  const rest = await takeAll();
  expect(rest.map(({ id }) => id)).toEqual(Array.from({ length: 5 }, (_, index) => first.id + index));
  readmit();
  expect(await takeAll()).toEqual([]);
});

it('rows that were set aside are taken again, each once, when the first of them is brought back', async () => {
  await put(300);
  const all = await takeAll();
  expect(all.length).toBe(300);
  const [first, second, third] = all as [Delivery, Delivery, Delivery];
  // The third one is still in somebody's hands.
  for (const row of all) if (row !== third) queue.defer(row);
  expect(await takeAll()).toEqual([]);

  queue.bringBack(second);
  const expected = all.filter((row) => row !== first && row !== third).map(({ id }) => id);
  expect((await takeAll()).map(({ id }) => id)).toEqual(expected);
});

it('new mail of a flow with rows set aside is taken as it comes', async () => {
  await put(3);
  const old = await takeAll();
  for (const row of old) queue.defer(row);
  await put(2);
  const fresh = await takeAll();
  expect(fresh.length).toBe(2);
  expect(fresh.some(({ id }) => old.some((row) => row.id === id))).toBe(false);
});
