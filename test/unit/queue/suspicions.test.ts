import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Delivery } from '#core';
import { makeSuspects, type Suspects } from '#queue';
import { addStrikes, isOut, readSuspicions, type Suspicions, writeSuspicions } from '#queue/suspects/suspicions.js';
import { openWorkLog } from '#queue/suspects/work-log.js';
import { tempDir } from '../../support/temp-dir.mjs';

const NOW = 1_772_619_332_880;
const clock = { now: () => NOW, monotonic: () => performance.now() };
let folder: ReturnType<typeof tempDir>;
beforeEach(() => {
  folder = tempDir();
});
afterEach(() => folder.cleanup());

const of = (message: number, delivery: number) => ({ message, delivery });
const row = (message: number, id: number, fields: Partial<Delivery> = {}) =>
  ({ id, message, account: 1, priority: 0, destinationName: 'dst.test', due: 5, ...fields }) as Delivery;
const outOf = (all: Suspicions, message: number, delivery: number) => {
  const suspicion = all.get(message);
  return suspicion !== undefined && isOut(suspicion, delivery);
};

describe('suspicions', () => {
  it('give up what was in hand at three ends, and nothing else', () => {
    let all: Suspicions = new Map();
    for (const neighbour of [21, 22, 23]) all = addStrikes(all, [of(1, 11), of(2, neighbour)], NOW);
    expect(outOf(all, 1, 11)).toBe(true);
    expect(outOf(all, 1, 12)).toBe(false);
    for (const neighbour of [21, 22, 23]) expect(outOf(all, 2, neighbour)).toBe(false);
  });

  it('give up a whole message when a second delivery of it does the same', () => {
    let all: Suspicions = new Map();
    for (let end = 0; end < 3; end++) all = addStrikes(all, [of(1, 11)], NOW);
    all = addStrikes(all, [of(1, 12)], NOW);
    expect([outOf(all, 1, 12), outOf(all, 1, 99)]).toEqual([true, true]);
  });

  it('are written and read, and forgotten after two weeks', () => {
    const all = addStrikes(new Map(), [of(1, 11)], NOW);
    expect(readSuspicions(writeSuspicions(all), NOW)).toEqual(all);
    expect(readSuspicions(writeSuspicions(all), NOW + 15 * 86_400_000).size).toBe(0);
    expect(readSuspicions(undefined, NOW).size).toBe(0);
  });
});

describe('the log of work', () => {
  const file = () => join(folder.path, 'in-work');
  const next = () => new Promise((resolve) => setImmediate(resolve));

  it('holds what is being worked on, and nothing that has ended', async () => {
    const log = openWorkLog(file());
    expect(log.left).toEqual([]);
    const [first, second] = [log.begin(of(1, 11)), log.begin(of(2, 22))];
    expect(openWorkLog(file()).left).toEqual([of(1, 11), of(2, 22)]);
    first();
    await next();
    expect(openWorkLog(file()).left).toEqual([of(2, 22)]);
    log.begin(of(3, 33));
    expect(openWorkLog(file()).left).toEqual([of(3, 33), of(2, 22)]);
    second();
    log.close();
    expect(openWorkLog(file()).left).toEqual([of(3, 33)]);
  });

  it('needs few places, however much is worked on one after the other', async () => {
    const log = openWorkLog(file());
    for (let index = 1; index <= 1000; index++) log.begin(of(index, index))();
    await next();
    expect(readFileSync(file()).length).toBe(16);
  });
});

describe('suspects', () => {
  const logger = pino({ level: 'silent' });
  /** As after the end of a process that had these in hand. */
  async function startAfter(...left: [message: number, delivery: number][]): Promise<Suspects> {
    const log = openWorkLog(join(folder.path, 'in-work'));
    for (const [message, delivery] of left) log.begin(of(message, delivery));
    return makeSuspects({ dataDir: folder.path, clock, logger, trialAfterMs: 1 });
  }

  it('rest, with all of their message, until each is tried by itself', async () => {
    const suspects = await startAfter([1, 11], [2, 21]);
    expect([row(1, 11), row(1, 12), row(2, 21), row(3, 31)].map(suspects.mayTake)).toEqual([false, false, false, true]);
    expect(suspects.why(row(1, 11))?.reason).toContain('1 of 3');
    const back: number[] = [];
    suspects.start(({ id }) => void back.push(id));
    await expect.poll(() => back).toHaveLength(1);
    // One at a time, those first that were in hand.
    const [first = 0] = back;
    expect([11, 21]).toContain(first);
    expect(suspects.mayTake(row(first === 11 ? 1 : 2, first))).toBe(true);
    expect(suspects.mayTake(first === 11 ? row(2, 21) : row(1, 11))).toBe(false);
    suspects.survived(row(first === 11 ? 1 : 2, first));
    suspects.returned({ id: first });
    await expect.poll(() => back.includes(first === 11 ? 21 : 11)).toBe(true);
    suspects.survived(row(first === 11 ? 2 : 1, first === 11 ? 21 : 11));
    // The others of the message come back with it, and nothing is suspected any more.
    expect(back).toContain(12);
    expect([row(1, 11), row(1, 12), row(2, 21)].map(suspects.mayTake)).toEqual([true, true, true]);
    await suspects.stop();
    expect((await startAfter()).mayTake(row(1, 11))).toBe(true);
  });

  it('are given up after three ends; the others of the message go on when one of them did no harm', async () => {
    for (let end = 1; end < 3; end++) {
      const suspects = await startAfter([1, 11]);
      expect([suspects.isOut(row(1, 11)), suspects.mayTake(row(1, 11))]).toEqual([false, false]);
    }
    const suspects = await startAfter([1, 11]);
    expect([suspects.isOut(row(1, 11)), suspects.mayTake(row(1, 11))]).toEqual([true, true]);
    expect([suspects.isOut(row(1, 12)), suspects.mayTake(row(1, 12))]).toEqual([false, false]);
    suspects.survived(row(1, 12));
    expect([row(1, 12), row(1, 13)].map(suspects.mayTake)).toEqual([true, true]);
    expect(suspects.isOut(row(1, 11))).toBe(true);
    await suspects.stop();
  });

  it('on trial work while no other does', async () => {
    const suspects = await startAfter([1, 11]);
    suspects.mayTake(row(1, 11));
    const tried = new Promise<Delivery>((resolve) => suspects.start(resolve));
    const order: string[] = [];
    let release = () => undefined as unknown;
    const other = suspects.work(row(2, 21), () => new Promise<void>((resolve) => (release = resolve)).then(() => void order.push('other')));
    const trial = suspects.work(await tried, async () => void order.push('trial'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(order).toEqual([]);
    release();
    await Promise.all([other, trial]);
    expect(order).toEqual(['other', 'trial']);
    await suspects.stop();
  });
});
