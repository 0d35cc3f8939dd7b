import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Delivery } from '#core';
import { makeStallingMessages } from '#delivery/dispatch/stalling-messages.js';
import { makePaths } from '#delivery/paths/paths.js';

const MINUTE = 60_000;

function setUp() {
  const clock = { time: 1_000_000, now: () => clock.time, monotonic: () => clock.time };
  const paths = makePaths({ limits: { perPath: 20, total: 200 }, clock, jitter: () => 0 });
  const path = paths.get('relay:25');
  const aside: number[] = [];
  const back: number[] = [];
  const queue = { defer: ({ id }: Delivery) => void aside.push(id), bringBack: ({ id }: Delivery) => void back.push(id) };
  const stalling = makeStallingMessages({ queue, clock, logger: pino({ level: 'silent' }) });
  let nextId = 0;
  const deliveryOf = (message: number, hasFailed = false): Delivery => {
    const fields = { id: ++nextId, message, recipient: 'a@b.test', destinationName: 'b.test', account: 1, priority: 0, due: 0 };
    const last = { firstAttemptAt: 1, code: 421, enhancedCode: '4.4.2', message: '', unanswered: true };
    return { ...fields, ...(hasFailed ? { last } : {}) } as Delivery;
  };
  return {
    ...{ stalling, paths, path, aside, back, deliveryOf },
    /** Admitted, tried, and cut or taken. */
    attempt(delivery: Delivery, reach: 'cut' | 'closed' | 'reached' | 'unreached') {
      if (!stalling.admit(path, delivery)) return 'aside';
      stalling.note(path, delivery, reach);
      stalling.left(path, delivery);
      return reach;
    },
    pass(ms: number) {
      clock.time += ms;
      vi.advanceTimersByTime(ms);
    },
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a message that cuts its sessions', () => {
  it('is left alone after three of its recipients, and longer each time its probe fails', () => {
    const { stalling, deliveryOf, attempt, aside, back, pass } = setUp();
    const tries = Array.from({ length: 5 }, () => attempt(deliveryOf(7), 'cut'));
    expect(tries).toEqual(['cut', 'cut', 'cut', 'aside', 'aside']);
    expect(attempt(deliveryOf(8), 'reached')).toBe('reached');
    expect(stalling.explain('relay:25', deliveryOf(7))).toMatch(
      /^relay:25 has cut or not answered its sessions with this message, which is left alone until /,
    );
    expect(stalling.explain('other:25', deliveryOf(7))).toBeUndefined();
    pass(MINUTE);
    // The first of the flow: the others are read with it.
    expect(back).toEqual([aside[0]]);
    expect([attempt(deliveryOf(7), 'cut'), attempt(deliveryOf(7), 'cut')]).toEqual(['cut', 'aside']);
    pass(MINUTE);
    expect(attempt(deliveryOf(7), 'cut')).toBe('aside');
    pass(MINUTE);
    expect(attempt(deliveryOf(7), 'reached')).toBe('reached');
    expect(Array.from({ length: 5 }, () => attempt(deliveryOf(7), 'reached'))).toEqual(Array(5).fill('reached'));
  });

  it('is let alone as soon as it keeps three sessions waiting, and tried by one at a time after that', () => {
    const { stalling, path, deliveryOf, attempt, back, pass } = setUp();
    const hung = Array.from({ length: 3 }, () => deliveryOf(7));
    for (const delivery of hung) expect(stalling.admit(path, delivery)).toBe(true);
    for (const delivery of hung) stalling.still(path, delivery);
    expect(attempt(deliveryOf(7), 'reached')).toBe('aside');
    pass(MINUTE);
    const probe = deliveryOf(7);
    expect(stalling.admit(path, probe)).toBe(true);
    const behind = deliveryOf(7);
    expect(stalling.admit(path, behind)).toBe(false);
    stalling.left(path, probe);
    expect(back.at(-1)).toBe(behind.id);
  });

  it('is not the one that one recipient of it is, however often tried, nor one that is answered', () => {
    const { deliveryOf, attempt } = setUp();
    const one = deliveryOf(7);
    for (let count = 0; count < 10; count++) expect(attempt(one, 'cut')).toBe('cut');
    for (let count = 0; count < 10; count++) expect(attempt(deliveryOf(8), 'closed')).toBe('closed');
    for (let count = 0; count < 9; count++) expect(attempt(deliveryOf(9), count % 3 === 2 ? 'reached' : 'cut')).not.toBe('aside');
  });
});

describe('what was cut or not answered before', () => {
  it('takes one place in a small window and a quarter of a wide one; the others wait for it', () => {
    const { stalling, paths, path, deliveryOf, aside, back, pass } = setUp();
    const retried = Array.from({ length: 8 }, (_, index) => deliveryOf(index, true));
    const admit = () => retried.filter((delivery) => stalling.admit(path, delivery)).length;
    expect(admit()).toBe(1);
    expect(aside.length).toBe(7);
    expect(stalling.admit(path, deliveryOf(100))).toBe(true);
    expect(stalling.explain('relay:25', retried[1] as Delivery)).toMatch(/^as much mail that relay:25 has cut/);
    // Whether it ends, or stands where it is in nobody's way.
    stalling.beside(path, retried[0] as Delivery);
    stalling.left(path, retried[0] as Delivery);
    expect(back).toEqual([]);
    pass(1000);
    expect(back).toEqual([aside[0]]);
    for (let count = 0; count < 20; count++) paths.started(path);
    while (path.window < 20) paths.note(path, 'reached', 1);
    expect(admit()).toBe(5);
  });
});
