import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { makeWarmups } from '#delivery';
import { hourlyLimit, newPlan, noteComplaint, noteSent, sendableAt, stageLimit, TOTAL_STAGES } from '#delivery/sources/warmup-plan.js';
import type { WarmupRecord } from '#store';
import { waitFor } from '../../support/wait-for.mjs';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = 1_700_000_000_000;

/** A plan after so many answers, the last `bounced` of them refusals, at `now`. */
function send(plan: WarmupRecord, count: number, bounced = 0, now = NOW): WarmupRecord | undefined {
  let current: WarmupRecord | undefined = plan;
  for (let index = 0; index < count && current !== undefined; index++) current = noteSent(current, index >= count - bounced, now);
  return current;
}
const planAt = (fields: Partial<WarmupRecord>): WarmupRecord => ({ ...newPlan('192.0.2.1', NOW), ...fields });

describe('stages', () => {
  it('double from a thousand, up to a limit', () => {
    const limits = Array.from({ length: TOTAL_STAGES }, (_, index) => stageLimit(index + 1));
    expect(limits.slice(0, 4)).toEqual([1000, 2000, 4000, 8000]);
    expect(limits.at(-1)).toBe(5_000_000);
    expect(hourlyLimit(1)).toBe(84);
  });

  const day = { stageStartedAt: NOW - DAY };
  it.each<[string, Partial<WarmupRecord>, number, Partial<WarmupRecord> | undefined]>([
    ['goes on before its day is over', { sent: 900 }, 0, { stage: 1, sent: 901 }],
    ['goes on before most of its volume is sent', { ...day, sent: 700 }, 0, { stage: 1, sent: 701 }],
    [
      'ends when both are reached',
      { ...day, sent: 799 },
      0,
      { stage: 2, sent: 0, bounced: 0, history: [{ startedAt: NOW - DAY, completedAt: NOW, limit: 1000 }] },
    ],
    [
      'begins again when too much was refused',
      { ...day, sent: 799, bounced: 30 },
      0,
      { stage: 1, sent: 0, bounced: 0, stageStartedAt: NOW },
    ],
    ['goes back when far too much is refused', { stage: 3, sent: 199, bounced: 20 }, 1, { stage: 2, sent: 0 }],
    ['stays the first when far too much is refused', { sent: 199, bounced: 20 }, 1, { stage: 1, sent: 0 }],
    ['does not judge by a few messages', { stage: 3, sent: 50, bounced: 20 }, 1, { stage: 3, sent: 51, bounced: 21 }],
    ['is the last one: then the address is warm', { ...day, stage: TOTAL_STAGES, sent: 4_500_000 }, 0, undefined],
  ])('%s', (_what, fields, bounced, expected) => {
    const next = send(planAt(fields), 1, bounced);
    if (expected === undefined) expect(next).toBeUndefined();
    else expect(next).toMatchObject(expected);
  });
});

describe('a complaint', () => {
  const day = { stageStartedAt: NOW - DAY };
  it.each<[string, Partial<WarmupRecord>, Partial<WarmupRecord>]>([
    [
      'makes a stage begin again that has more than one in a thousand',
      { stage: 2, ...day, sent: 1599, bounced: 30 },
      { stage: 2, sent: 0, stageStartedAt: NOW },
    ],
    ['does not when there are fewer', { stage: 2, ...day, sent: 1599 }, { stage: 3, sent: 0 }],
    [
      'sets the stage back at once when there are more than one in 333',
      { stage: 3, sent: 600, bounced: 31 },
      { stage: 2, sent: 0, bounced: 0 },
    ],
    ['adds to refusals', { stage: 3, sent: 1000, bounced: 75 }, { stage: 2, sent: 0 }],
    ['says nothing of a few messages', { stage: 3, sent: 50 }, { stage: 3, sent: 51 }],
  ])('%s', (_what, fields, expected) => {
    const complained = noteComplaint(planAt(fields), NOW);
    if (complained === undefined) return expect.fail('the address is not warm');
    const next = complained.stage === fields.stage && complained.sent > 0 ? send(complained, 1) : complained;
    expect(next).toMatchObject(expected);
  });

  it('is no message that was sent', () => {
    const before = planAt({ sent: 7, sentInDay: 7, sentInHour: 7 });
    expect(noteComplaint(before, NOW)).toMatchObject({ sent: 7, sentInDay: 7, sentInHour: 7 });
  });
});

describe('what may be sent', () => {
  it.each<[string, Partial<WarmupRecord>, number, number, number]>([
    ['anything at first', {}, 0, NOW, 0],
    ['the last one of the hour', { sentInHour: 83 }, 0, NOW, 0],
    ['nothing more in an hour that is full', { sentInHour: 84 }, 0, NOW, NOW + HOUR],
    ['nothing more when what is on its way fills the hour', { sentInHour: 80 }, 4, NOW, NOW + HOUR],
    ['more when the hour is over', { sentInHour: 84 }, 0, NOW + HOUR, 0],
    ['nothing more in a day that is full', { sentInDay: 1000, sentInHour: 84 }, 0, NOW + 2 * HOUR, NOW + DAY],
    ['more when the day is over', { sentInDay: 1000 }, 0, NOW + DAY, 0],
    ['more when the clock was set back', { sentInDay: 1000, sentInHour: 84 }, 0, NOW - 1, 0],
  ])('%s', (_what, fields, waiting, now, expected) => expect(sendableAt(planAt(fields), waiting, now)).toBe(expected));
});

describe('sources on warm-up', () => {
  const clock = { now: () => NOW, monotonic: () => 0 };
  const logger = pino({ level: 'silent' });

  it('are the same after a restart', async () => {
    const saved = new Map<string, WarmupRecord>();
    const store = {
      warmups: async () => [...saved.values()],
      saveWarmup: async (plan: WarmupRecord) => void saved.set(plan.source, plan),
      deleteWarmup: async (source: string) => void saved.delete(source),
    };
    const first = makeWarmups({ store, clock, logger });
    await first.begin('192.0.2.1');
    await first.begin('192.0.2.2');
    for (let sent = 0; sent < 84; sent++) first.note('192.0.2.1', 'taken');
    first.note('192.0.2.9', 'taken');
    expect(first.sendableAt('192.0.2.1', 0)).toBe(NOW + HOUR);
    expect(await first.cancel('192.0.2.2')).toBe(true);
    expect(await first.cancel('192.0.2.2')).toBe(false);
    await first.stop();

    const second = makeWarmups({ store, clock, logger });
    await second.load();
    expect(second.list()).toEqual(first.list());
    expect(second.sendableAt('192.0.2.1', 0)).toBe(NOW + HOUR);
    expect(second.find('192.0.2.2')).toBeUndefined();
  });

  it('are written down although the store failed before', async () => {
    let fails = true;
    const saved: WarmupRecord[] = [];
    const store = {
      warmups: async () => [],
      saveWarmup: async (plan: WarmupRecord) => {
        if (fails && plan.sent > 0) throw new Error('full');
        saved.push(plan);
      },
      deleteWarmup: async () => undefined,
    };
    const warmups = makeWarmups({ store, clock, logger });
    await warmups.begin('192.0.2.1');
    warmups.note('192.0.2.1', 'refused');
    await warmups.stop();
    fails = false;
    warmups.note('192.0.2.1', 'taken');
    await waitFor(() => saved.at(-1)?.sent === 2, { what: 'the counters on disk' });
    expect(saved.at(-1)).toMatchObject({ sent: 2, bounced: 1 });
  });

  it('are held by complaints, also those that come after a restart', async () => {
    const saved = new Map<string, WarmupRecord>();
    const store = {
      warmups: async () => [planAt({ stage: 4, sent: 500, stageStartedAt: NOW - DAY })],
      saveWarmup: async (plan: WarmupRecord) => void saved.set(plan.source, plan),
      deleteWarmup: async () => undefined,
    };
    const warmups = makeWarmups({ store, clock, logger });
    await warmups.load();
    warmups.note('192.0.2.1', 'complained');
    expect(warmups.find('192.0.2.1')).toMatchObject({ stage: 4, sent: 500 });
    warmups.note('192.0.2.1', 'complained');
    expect(warmups.find('192.0.2.1')).toMatchObject({ stage: 3, sent: 0 });
    warmups.note('192.0.2.99', 'complained');
    await warmups.stop();
    expect([...saved.values()]).toMatchObject([{ stage: 3 }]);
  });

  it('tell that more may be sent when one is cancelled', async () => {
    const store = { warmups: async () => [], saveWarmup: async () => undefined, deleteWarmup: async () => undefined };
    const warmups = makeWarmups({ store, clock, logger });
    let changes = 0;
    warmups.onChange(() => changes++);
    await warmups.begin('192.0.2.1');
    await warmups.cancel('192.0.2.1');
    expect(changes).toBe(1);
  });
});
