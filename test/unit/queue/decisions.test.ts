import { describe, expect, it } from 'vitest';
import { makeDueHeap } from '../../../dist/queue/due-heap.js';
import { chooseTurn, noTurns } from '../../../dist/queue/fair-order.js';
import { makeMessageCache } from '../../../dist/queue/message-cache.js';
import { decideRetry, MESSAGE_LIFETIME, RETRY_DELAYS } from '../../../dist/queue/retry-schedule.js';
import { messageOf } from './support/messages.ts';

const MINUTE = 60_000;

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
    expect(decideRetry({ attempts: 3, now: expiresAt + MINUTE, expiresAt, jitter: 0 })).toBe(expiresAt + MINUTE);
  });

  it('obeys a longer wait that was asked for', () => {
    expect(decideRetry({ attempts: 1, now: accepted, expiresAt, jitter: 0, atLeast: 42 * MINUTE })).toBe(accepted + 42 * MINUTE);
  });
});

describe('chooseTurn', () => {
  const flow = (priority: 0 | 1 | 2, account: number) => ({ priority, account });

  it('shares turns among priorities by weight', () => {
    const turns = noTurns();
    const counts: [number, number, number] = [0, 0, 0];
    for (let turn = 0; turn < 1000; turn++) counts[chooseTurn(turns, [flow(2, 1), flow(0, 1), flow(1, 1)]).priority]++;
    expect(counts).toEqual([700, 250, 50]);
  });

  it('serves accounts of one priority in turn, whatever their order', () => {
    const turns = noTurns();
    const accounts = Array.from({ length: 6 }, () => chooseTurn(turns, [flow(0, 30), flow(0, 10), flow(0, 20)]).account);
    expect(accounts).toEqual([10, 20, 30, 10, 20, 30]);
  });

  it('gives a newcomer its turn at once after a long run of one account', () => {
    const turns = noTurns();
    for (let turn = 0; turn < 100; turn++) chooseTurn(turns, [flow(0, 1)]);
    expect(chooseTurn(turns, [flow(0, 1), flow(0, 2)]).account).toBe(2);
  });

  it('lets bulk through while single messages keep coming', () => {
    const turns = noTurns();
    const served = Array.from({ length: 30 }, () => chooseTurn(turns, [flow(0, 1), flow(2, 2)]).priority);
    expect(served.filter((priority) => priority === 2)).toHaveLength(2);
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

  it('forgets a message when its last delivery ends', () => {
    const cache = makeMessageCache(1_000_000);
    cache.add(messageOf(1), 2);
    cache.release(1);
    expect(cache.get(1)?.id).toBe(1);
    cache.release(1);
    expect(cache.get(1)).toBeUndefined();
  });
});
