/** A wall clock that is set while mail waits, forward or back: nobody waits longer or is given up sooner for it, and what was scheduled keeps its time. */
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE, makeIdSource, type Priority, SECOND } from '#core';
import { makeRecorder } from '#events';
import { MESSAGE_LIFETIME, makeQueue, type Queue, RETRY_DELAYS } from '#queue';
import { decideDue } from '#queue/bring-forward.js';
import { makeClockJumps } from '#queue/clock-jumps.js';
import { ADDRESS, type MemorySpool, makeMemorySpool, messageOf } from './support/messages.ts';

const START = 1_700_000_000_000;
const LAST = { firstAttemptAt: START, code: 451, enhancedCode: '', message: 'later' };
const SITE = 'dst.example';

let clock: { time: number; setBy: number; now: () => number; monotonic: () => number };
let ids: ReturnType<typeof makeIdSource>;
let spool: MemorySpool;
let queue: Queue;
let logged: string[];

function build(): Queue {
  const built = makeQueue({
    spool,
    clock,
    ids,
    recorder: makeRecorder({ clock }),
    logger: pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) }),
    accountId: async () => 'a'.repeat(24),
    onEvents: () => undefined,
  });
  built.listen({
    onDue: () => undefined,
    onUnplaced: (destination) => built.place(destination, SITE, Number.POSITIVE_INFINITY),
    explain: () => undefined,
    explainDeferral: () => undefined,
    explainTaken: () => undefined,
  });
  return built;
}

beforeEach(async () => {
  clock = { time: START, setBy: 0, now: () => clock.time + clock.setBy, monotonic: () => clock.time };
  ids = makeIdSource(clock);
  spool = makeMemorySpool();
  logged = [];
  queue = build();
  await queue.start();
  return () => queue.stop();
});

/** Puts a message with one delivery; gives the ids of both. */
async function put(due = clock.now()): Promise<{ message: number; id: number }> {
  const message = ids.next();
  const id = ids.next();
  await queue.put({
    message: messageOf(message, { acceptedAt: clock.now() }),
    deliveries: [{ id, recipient: ADDRESS, destinationName: SITE, priority: 0 as Priority, due }],
    events: [],
  });
  return { message, id };
}

/** Puts a message whose first attempt is put off by the schedule. */
async function putOff(): Promise<{ message: number; id: number }> {
  const one = await put();
  const [delivery] = queue.take(SITE, 1);
  if (delivery === undefined) throw new Error('nothing to take');
  const due = clock.now() + (RETRY_DELAYS[0] ?? 0);
  await queue.settle(delivery, { kind: 'defer', due, attempts: 1, last: LAST, events: [] });
  return one;
}

/** Sets the clock, and waits until that is noticed. */
async function set(by: number): Promise<void> {
  const seen = logged.length;
  clock.setBy += by;
  await expect.poll(() => logged.slice(seen).some((line) => line.includes('the clock was set:')), { timeout: 5000 }).toBe(true);
}

const dueOf = (id: number) => spool.rows.get(id)?.due;

describe('set back', () => {
  it('brings forward what was put off, to where it was before, and leaves what was scheduled', async () => {
    const { id } = await putOff();
    const scheduled = await put(START + 2 * DAY);
    await set(-DAY);
    await expect.poll(() => dueOf(id)).toBe(clock.now() + 10 * MINUTE);
    expect(dueOf(scheduled.id)).toBe(START + 2 * DAY);
    clock.time += 10 * MINUTE;
    await expect.poll(() => queue.take(SITE, 5).map((row) => row.id)).toEqual([id]);
    expect(logged.some((line) => /"seconds":-86400.*the clock was set/.test(line))).toBe(true);
  });

  it('leaves due what was due, read or not', async () => {
    queue.place(SITE, SITE, Number.POSITIVE_INFINITY);
    const first = await put();
    queue.suspend(SITE, START + HOUR, 'no session could be had');
    const second = await put();
    await set(-DAY);
    queue.resume(SITE);
    const taken: number[] = [];
    await expect.poll(() => taken.push(...queue.take(SITE, 5).map((row) => row.id)) && [...taken].sort()).toEqual([first.id, second.id]);
  });

  it('is found by the next process, too', async () => {
    const { id } = await putOff();
    queue.stop();
    clock.setBy = -DAY;
    queue = build();
    await queue.start();
    expect(queue.take(SITE, 5)).toEqual([]);
    const row = spool.rows.get(id);
    if (row === undefined) throw new Error('the row is gone');
    // What it looks for soon after the start.
    const found = await spool.dueAfter({ due: clock.now(), accepted: clock.now() + MINUTE }, { message: 0, id: 0 }, 10);
    expect(found.rows.map((one) => one.id)).toEqual([id]);
    expect(decideDue({ ...row, acceptedAt: START }, clock.now())).toBe(clock.now() + 12 * MINUTE);
  });

  it('gives messages no time', async () => {
    const { message } = await put();
    await set(-DAY);
    expect((await queue.message(message))?.expiresAt).toBe(START + MESSAGE_LIFETIME - DAY);
    const later = await put();
    expect((await queue.message(later.message))?.expiresAt).toBe(clock.now() + MESSAGE_LIFETIME);
  });

  it('prolongs no pause', async () => {
    await put();
    queue.pause({ destination: SITE }, START + HOUR, 'they asked for it');
    const [waiting] = await queue.list({ account: 1, limit: 1 });
    if (waiting === undefined) throw new Error('nothing waits');
    await set(-DAY);
    const [moved = waiting] = await queue.list({ account: 1, limit: 1 });
    expect(await queue.why(moved)).toEqual({ reason: 'Left alone for now: they asked for it', until: clock.now() + HOUR });
    clock.time += HOUR;
    expect((await queue.why(moved)).reason).not.toContain('they asked');
  });
});

describe('set forward', () => {
  it('takes no time from messages, at an attempt or while they wait', async () => {
    const { message } = await putOff();
    await set(2 * DAY);
    expect((await queue.message(message))?.expiresAt).toBe(START + MESSAGE_LIFETIME + 2 * DAY);
    const later = await put();
    expect((await queue.message(later.message))?.expiresAt).toBe(clock.now() + MESSAGE_LIFETIME);
  });

  it('and back again leaves everything as it was', async () => {
    const { message } = await putOff();
    await set(2 * DAY);
    clock.time += MINUTE;
    const between = await put();
    clock.time += MINUTE;
    // In life it looks at the clock every second.
    await queue.message(message);
    await set(-2 * DAY);
    expect((await queue.message(message))?.expiresAt).toBe(START + MESSAGE_LIFETIME);
    expect((await queue.message(between.message))?.expiresAt).toBe(START + MINUTE + MESSAGE_LIFETIME);
  });
});

it("a clock that drifts by seconds is nobody's business", async () => {
  const { message } = await put();
  clock.setBy += 9 * SECOND;
  expect((await queue.message(message))?.expiresAt).toBe(START + MESSAGE_LIFETIME);
  expect(logged).toEqual([]);
});

describe('decideDue', () => {
  const row = { message: 5, acceptedAt: START, attempts: 1, due: START + 10 * MINUTE } as Parameters<typeof decideDue>[0];
  const now = START - DAY;
  const jump = { by: -DAY, before: 10 };

  it.each([
    ['put off before the jump', row, jump, now + 10 * MINUTE],
    ['put off, and its time is over', { ...row, due: START }, jump, now],
    ['put off after the jump', { ...row, due: now + 11 * MINUTE }, jump, undefined],
    ['waits for the end of its life', { ...row, attempts: 7, due: START + HOUR }, jump, now + HOUR],
    ['accepted after the jump', { ...row, message: 10 }, jump, undefined],
    ['was due', { ...row, attempts: 0, due: START }, jump, now],
    ['is scheduled', { ...row, attempts: 0, due: START + 1 }, jump, undefined],
    ['was due, to the next process', { ...row, attempts: 0, due: START }, undefined, now],
    ['is scheduled, to the next process', { ...row, attempts: 0, due: START + MINUTE }, undefined, undefined],
    ['put off, to the next process', row, undefined, now + 12 * MINUTE],
    ['waits for the end of its life, to the next process', { ...row, attempts: 7, due: START + HOUR }, undefined, now + 4.8 * HOUR],
  ])('%s', (_name, delivery, seen, due) => {
    expect(decideDue(delivery, now, seen)).toBe(due);
  });
});

it('knows what was accepted between a jump and its notice', () => {
  let nextMark = 100;
  const jumps = makeClockJumps({ clock, ids: { next: () => nextMark++ }, onJump: () => undefined });
  jumps.eras();
  clock.time += 900;
  clock.setBy = -DAY;
  const expiresAt = clock.now() - 100 + MESSAGE_LIFETIME;
  expect(jumps.expiryOf({ id: 99, acceptedAt: clock.now() - 100, expiresAt })).toBe(expiresAt);
  expect(jumps.expiryOf({ id: 98, acceptedAt: START, expiresAt: START + MESSAGE_LIFETIME })).toBe(START + MESSAGE_LIFETIME - DAY);
});

describe('eras', () => {
  it('name the messages of each setting of the clock, with their time', () => {
    const jumps = makeClockJumps({ clock, ids: { next: () => nextMark++ }, onJump: () => undefined });
    let nextMark = 100;
    const eras = () => jumps.eras().map(({ from, before, now }) => [from, before, now - START]);
    expect(eras()).toEqual([[0, Number.MAX_SAFE_INTEGER, 0]]);
    clock.setBy = 2 * DAY;
    expect(eras()).toEqual([
      [0, 100, 0],
      [100, Number.MAX_SAFE_INTEGER, 2 * DAY],
    ]);
    clock.setBy = 0;
    expect(eras()).toEqual([
      [0, 100, 0],
      [100, 101, 2 * DAY],
      [101, Number.MAX_SAFE_INTEGER, 0],
    ]);
  });
});
