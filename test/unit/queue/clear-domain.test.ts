/** Clearing a domain: every open delivery of it ends, wherever it is, and nothing else does. */
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { type Delivery, makeIdSource, type Priority } from '#core';
import { makeRecorder } from '#events';
import { makeQueue, type Verdict } from '#queue';
import type { NewDelivery } from '#store';
import { ADDRESS, makeMemorySpool, messageOf } from './support/messages.ts';

const START = 1_700_000_000_000;
/** 2020-01-01, in ids: what is put here was accepted long before it is cleared. */
let nextId = 1000;
const LAST: Extract<Verdict, { kind: 'defer' }>['last'] = { firstAttemptAt: START, code: 451, enhancedCode: '', message: 'later' };

async function setUp() {
  const spool = makeMemorySpool();
  const clock = { time: START, now: () => clock.time, monotonic: () => clock.time };
  const queue = makeQueue({
    spool,
    clock,
    ids: makeIdSource(clock),
    recorder: makeRecorder({ clock }),
    logger: pino({ level: 'silent' }),
    accountId: async () => 'a'.repeat(24),
    onEvents: () => undefined,
  });
  queue.listen({
    onDue: () => undefined,
    onUnplaced: (destination) => queue.place(destination, destination, Number.POSITIVE_INFINITY),
    explain: () => undefined,
    explainDeferral: () => undefined,
    explainTaken: () => undefined,
  });
  await queue.start();
  const put = (count: number, fields: Partial<NewDelivery> = {}, message: { account?: number; domain?: string } = {}) =>
    queue.put({
      message: messageOf(nextId++, message),
      deliveries: Array.from({ length: count }, () => ({
        id: nextId++,
        recipient: ADDRESS,
        destinationName: 'dst.example',
        priority: 0 as Priority,
        due: START,
        ...fields,
      })),
      events: [],
    });
  return { spool, clock, queue, put, codes: () => spool.events.map(({ body }) => JSON.parse(body)['delivery-status']?.code) };
}

async function takeSome(queue: Awaited<ReturnType<typeof setUp>>['queue'], limit: number): Promise<Delivery[]> {
  for (let turn = 0; turn < 6; turn++) {
    const taken = queue.take('dst.example', limit);
    if (taken.length > 0) return taken;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return [];
}

describe('clear', () => {
  it('ends what is due, what waits in memory, what is scheduled and what is held, with an event each', async () => {
    const { queue, put, spool, codes } = await setUp();
    await put(450);
    await put(2, { due: START + 86_400_000 });
    await put(1, { destinationName: 'other.example' });
    await queue.hold({ account: 1, destination: 'held.example' });
    await put(1, { destinationName: 'held.example' });
    expect(await queue.clear(1, 'src.example')).toBe(454);
    expect(spool.rows.size).toBe(0);
    expect(codes()).toEqual(Array.from({ length: 454 }, () => 604));
    expect(JSON.parse(spool.events[0]?.body ?? '')).toMatchObject({
      event: 'failed',
      severity: 'permanent',
      'delivery-status': { description: 'Cancelled before it was delivered' },
    });
    expect(await takeSome(queue, 10)).toEqual([]);
    expect(await queue.clear(1, 'src.example')).toBe(0);
  });

  it('leaves other domains and accounts alone, and they are delivered', async () => {
    const { queue, put, spool } = await setUp();
    await put(3);
    await put(2, {}, { domain: 'second.example' });
    await put(2, {}, { account: 2 });
    expect(await queue.clear(1, 'src.example')).toBe(3);
    expect(spool.rows.size).toBe(4);
    const taken: Delivery[] = [];
    for (let some = await takeSome(queue, 10); some.length > 0; some = await takeSome(queue, 10)) taken.push(...some);
    expect(taken).toHaveLength(4);
  });

  it('lets an attempt end: what it delivered is delivered, what it would try again ends', async () => {
    const { queue, put, spool, codes } = await setUp();
    await put(3);
    const [delivered, deferred] = await takeSome(queue, 2);
    if (delivered === undefined || deferred === undefined) throw new Error('nothing to take');
    expect(await queue.clear(1, 'src.example')).toBe(1);
    expect([...spool.rows.keys()].sort()).toEqual([delivered.id, deferred.id].sort());
    expect(await queue.settle(delivered, { kind: 'done', events: [] })).toBe(true);
    expect(await queue.settle(deferred, { kind: 'defer', due: START + 1000, attempts: 1, last: LAST, events: [] })).toBe(true);
    expect(spool.rows.size).toBe(0);
    expect(codes()).toEqual([604, 604]);
  });

  it.each(['giveBack', 'defer', 'deferFlow'] as const)('ends what comes back by %s', async (way) => {
    const { queue, put, spool, codes } = await setUp();
    await put(2);
    const [first] = await takeSome(queue, 1);
    if (first === undefined) throw new Error('nothing to take');
    await queue.clear(1, 'src.example');
    expect(spool.rows.size).toBe(1);
    queue[way](first);
    await expect.poll(() => spool.rows.size).toBe(0);
    expect(codes()).toEqual([604, 604]);
    expect(await takeSome(queue, 1)).toEqual([]);
  });

  it('gives back what it could not end', async () => {
    const { queue, put, spool } = await setUp();
    await put(3);
    const { settle } = spool;
    spool.settle = () => Promise.reject(new Error('disk'));
    await expect(queue.clear(1, 'src.example')).rejects.toThrow('disk');
    spool.settle = settle;
    expect(await takeSome(queue, 3)).toHaveLength(3);
  });
});
