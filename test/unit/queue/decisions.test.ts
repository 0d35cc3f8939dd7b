import { describe, expect, it } from 'vitest';
import { decideRetry, MESSAGE_LIFETIME, RETRY_DELAYS } from '#queue';
import { makeDueHeap } from '#queue/flows/due-heap.js';
import { QUANTUM, Turns } from '#queue/flows/turns.js';
import { makeMessageCache } from '#queue/message-cache.js';
import { type Family, steepFamilies } from '../../support/growth.js';
import { messageOf } from './support/messages.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('decideRetry', () => {
  const accepted = 1_000_000;
  const expiresAt = accepted + MESSAGE_LIFETIME;

  it.each([
    [1, 10],
    [2, 15],
    [3, 30],
    [4, 60],
    [5, 120],
    [6, 240],
  ])('waits Mailgun’s time after attempt %i', (attempts, minutes) => {
    expect(decideRetry({ attempts, now: accepted, expiresAt, jitter: 0 })).toBe(accepted + minutes * MINUTE);
  });

  it('makes seven attempts in eight hours, then lets the message expire', () => {
    let now = accepted;
    const dues = RETRY_DELAYS.map((_, index) => {
      now = decideRetry({ attempts: index + 1, now, expiresAt, jitter: 0 });
      return now;
    });
    expect(dues.at(-1)).toBe(accepted + 475 * MINUTE);
    expect(decideRetry({ attempts: 7, now, expiresAt, jitter: 0 })).toBe(expiresAt);
  });

  it.each([
    [1, 11],
    [-1, 9],
  ])('spreads by a tenth (jitter %i)', (jitter, minutes) => {
    expect(decideRetry({ attempts: 1, now: accepted, expiresAt, jitter })).toBe(accepted + minutes * MINUTE);
  });

  it('never goes past the expiry, nor into the past', () => {
    expect(decideRetry({ attempts: 6, now: expiresAt - MINUTE, expiresAt, jitter: 1 })).toBe(expiresAt);
    expect(decideRetry({ attempts: 1, now: expiresAt - 5 * MINUTE, expiresAt, jitter: 0, atLeast: HOUR })).toBe(expiresAt);
    expect(decideRetry({ attempts: 3, now: expiresAt + MINUTE, expiresAt, jitter: 0 })).toBe(expiresAt + MINUTE);
  });

  it.each([
    [0, MINUTE],
    [1, 1.5 * MINUTE],
    [-1, 0.5 * MINUTE],
  ])('tries for the last time shortly before a near end, once (jitter %i)', (jitter, before) => {
    const end = accepted + 5 * MINUTE;
    const last = decideRetry({ attempts: 1, now: accepted, expiresAt: end, jitter });
    expect(last).toBe(end - before);
    for (const now of [last - 10_000, last, last + 5000]) expect(decideRetry({ attempts: 2, now, expiresAt: end, jitter: 0 })).toBe(end);
    for (const other of [-1, 1]) expect(decideRetry({ attempts: 2, now: last, expiresAt: end, jitter: other })).toBe(end);
  });

  it('leaves none of seven attempts out, however late they come by jitter', () => {
    let now = accepted;
    for (let attempts = 1; attempts <= 6; attempts++) now = decideRetry({ attempts, now, expiresAt, jitter: 1 });
    expect(now).toBe(expiresAt - 1.5 * MINUTE);
    expect(decideRetry({ attempts: 7, now, expiresAt, jitter: 1 })).toBe(expiresAt);
  });

  it('goes on every four hours in a longer time, to its end', () => {
    const end = accepted + 24 * HOUR;
    let now = accepted;
    const minutes: number[] = [];
    for (let attempts = 1; now < end; attempts++) {
      now = decideRetry({ attempts, now, expiresAt: end, jitter: 0 });
      minutes.push((now - accepted) / MINUTE);
    }
    expect(minutes).toEqual([10, 25, 55, 115, 235, 475, 715, 955, 1195, 1435, 1440]);
  });

  it('obeys a longer wait that was asked for', () => {
    expect(decideRetry({ attempts: 1, now: accepted, expiresAt, jitter: 0, atLeast: 42 * MINUTE })).toBe(accepted + 42 * MINUTE);
  });
});

describe('Turns', () => {
  interface Item {
    account: number;
    priority: 0 | 1 | 2;
    next: Item | undefined;
    previous: Item | undefined;
  }
  const flow = (priority: 0 | 1 | 2, account: number): Item => ({ priority, account, next: undefined, previous: undefined });
  const of = (...flows: Item[]) => {
    const turns = new Turns<Item>();
    for (const one of flows) turns.add(one);
    return turns;
  };
  const next = (turns: Turns<Item>): Item => {
    const current = turns.current();
    if (current === undefined) throw new Error('nobody waits');
    turns.spend(current);
    return current;
  };
  const serve = (turns: Turns<Item>, count: number) => Array.from({ length: count }, () => next(turns));

  it('shares messages among priorities by weight', () => {
    const counts: [number, number, number] = [0, 0, 0];
    for (const { priority } of serve(of(flow(2, 1), flow(0, 1), flow(1, 1)), 1000)) counts[priority]++;
    expect(counts.map((count) => Math.round(count / 10))).toEqual([70, 25, 5]);
  });

  it('gives each account of a priority a quantum in turn', () => {
    const accounts = serve(of(flow(0, 30), flow(0, 10), flow(0, 20)), 6 * QUANTUM).map(({ account }) => account);
    expect(accounts.filter((_, index) => index % QUANTUM === 0)).toEqual([30, 10, 20, 30, 10, 20]);
    expect(new Set(accounts.slice(0, QUANTUM))).toEqual(new Set([30]));
  });

  it('lets a newcomer wait for one quantum at most, however long the other account has been alone', () => {
    const turns = of(flow(0, 1));
    serve(turns, 1003);
    turns.add(flow(0, 2));
    expect(serve(turns, QUANTUM + 1).map(({ account }) => account)).toContain(2);
  });

  it('serves the flows of one account in turn', () => {
    const [one, two] = [flow(0, 1), flow(0, 1)];
    expect(new Set(serve(of(one, two), 2 * QUANTUM))).toEqual(new Set([one, two]));
  });

  it('lets bulk through while single messages keep coming, and gives it no credit for having been away', () => {
    const turns = of(flow(0, 1));
    serve(turns, 10_000);
    turns.add(flow(2, 2));
    expect(serve(turns, 150).filter(({ priority }) => priority === 2).length).toBeLessThanOrEqual(11);
  });

  it('costs the same however many flows wait', async () => {
    const waiting: Family<{ turns: Turns<Item>; count: number }> = [
      'flows, each served once',
      (count) => ({ turns: of(...Array.from({ length: count }, (_, index) => flow((index % 3) as 0, index % 1000))), count }),
    ];
    const serveAll = ({ turns, count }: { turns: Turns<Item>; count: number }) => {
      for (const served of serve(turns, count)) {
        turns.remove(served);
        turns.add(served);
      }
    };
    expect(await steepFamilies([waiting], 100_000, serveAll)).toEqual([]);
  });

  it('knows who waits', () => {
    const flows = [flow(0, 1), flow(0, 1), flow(1, 1), flow(0, 2)];
    const turns = of(...flows);
    expect(new Set(turns.flows())).toEqual(new Set(flows));
    for (const one of flows) turns.remove(one);
    expect([...turns.flows()]).toEqual([]);
    expect(turns.current()).toBeUndefined();
  });
});

describe('makeDueHeap', () => {
  it('gives entries in the order of their due times', () => {
    const heap = makeDueHeap<number>();
    const dues = Array.from({ length: 500 }, (_, index) => (index * 7919) % 1009);
    for (const due of dues) heap.push(due, due);
    expect(heap.peek()).toBe(Math.min(...dues));
    const early = heap.popDue(500);
    expect(early).toEqual(dues.filter((due) => due <= 500).sort((a, b) => a - b));
    expect(heap.size).toBe(500 - early.length);
    expect(heap.popDue(2000)).toEqual(dues.filter((due) => due > 500).sort((a, b) => a - b));
    expect(heap.peek()).toBeUndefined();
  });
});

describe('makeMessageCache', () => {
  it('drops the one used longest ago when it is full', () => {
    const cache = makeMessageCache(4 * 2048);
    for (const id of [1, 2, 3, 4]) cache.add(messageOf(id, { bytes: 1000 }), 1);
    cache.get(1);
    cache.add(messageOf(5, { bytes: 1000 }), 1);
    expect([1, 2, 3, 4, 5].filter((id) => cache.get(id) !== undefined)).toEqual([1, 3, 4, 5]);
  });

  it('gives up the half that was used longest ago, and at last everything', () => {
    const cache = makeMessageCache(1_000_000);
    for (const id of [1, 2, 3, 4]) cache.add(messageOf(id, { bytes: 1000 }), 1);
    const kept = () => [1, 2, 3, 4].filter((id) => cache.get(id) !== undefined);
    cache.get(1);
    cache.shrink();
    expect(kept()).toEqual([1, 4]);
    cache.shrink();
    cache.shrink();
    expect(kept()).toEqual([]);
  });

  it('forgets a message when its last delivery ends', () => {
    const cache = makeMessageCache(1_000_000);
    cache.add(messageOf(1), 2);
    cache.release(1);
    expect(cache.get(1)?.id).toBe(1);
    cache.release(1);
    expect(cache.get(1)).toBeUndefined();
  });
});
