import { describe, expect, it } from 'vitest';
import { type Address, parseAddress } from '#core';
import { makePreferredSendTime, timeWithin } from '#intake/draft/preferred-send-time.js';
import { giveUpAt, sendWindow } from '#intake/draft/schedule.js';

const at = (text: string) => Date.parse(text);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const RECIPIENT = parseAddress('rcpt@dst.example') as Address;

describe('sendWindow', () => {
  const now = at('2026-03-04T10:00:00Z');
  it.each([
    [{}, 0, 0],
    [{ deliverAt: now - 5 }, 0, 0],
    [{ deliverAt: now + HOUR }, HOUR, HOUR],
    [{ optimizePeriod: 24 * HOUR }, 0, DAY],
    [{ deliverAt: now + HOUR, optimizePeriod: 48 * HOUR }, HOUR, 2 * DAY + HOUR],
    [{ localTime: 90 }, 0, DAY],
  ])('of %j begins after %d ms and ends after %d ms', (asked, from, until) => {
    const window = sendWindow(asked, now);
    expect([window.from - now, window.until - now]).toEqual([from, until]);
  });

  it('gives up as long after the last delivery was due as was asked, or after 8 hours', () => {
    expect(giveUpAt({ deliverWithin: 300_000 }, now)).toBe(now + 300_000);
    expect(giveUpAt({}, now)).toBe(now + 8 * HOUR);
  });
});

describe('timeWithin', () => {
  const from = at('2026-03-04T10:15:30Z');
  const engagement = (...hours: number[]) => Array.from({ length: 24 }, (_item, hour) => (hours.includes(hour) ? 5 : 1));

  it.each([
    ['a zone to the east', { timeZone: 'Asia/Tokyo' }, 8 * 60, '2026-03-04T23:00:00Z'],
    ['a zone to the west', { timeZone: 'America/New_York' }, 8 * 60, '2026-03-04T13:00:00Z'],
    ['a zone with a quarter of an hour', { timeZone: 'Asia/Kathmandu' }, 0, '2026-03-04T18:15:00Z'],
    ['the minute that has begun', { timeZone: 'UTC' }, 10 * 60 + 15, '2026-03-05T10:15:00Z'],
    ['a zone that does not exist', { timeZone: 'Mars/Olympus' }, 8 * 60, '2026-03-04T10:15:30Z'],
    ['no zone', {}, 8 * 60, '2026-03-04T10:15:30Z'],
  ])('finds a time of the day in %s', (_title, habits, localTime, expected) => {
    expect(new Date(timeWithin({ from, until: from + DAY, localTime }, habits)).toISOString()).toBe(new Date(expected).toISOString());
  });

  it.each([
    ['2026-03-28T22:00:00Z', 9 * 60, '2026-03-29T07:00:00Z'],
    ['2026-10-24T22:00:00Z', 9 * 60, '2026-10-25T08:00:00Z'],
  ])('finds it over a change of the clocks, from %s', (begin, localTime, expected) => {
    const window = { from: at(begin), until: at(begin) + DAY, localTime };
    expect(timeWithin(window, { timeZone: 'Europe/Berlin' })).toBe(at(expected));
  });

  it.each([
    ['a later hour of today', engagement(18), DAY, '2026-03-04T18:00:00Z'],
    ['the hour that has begun', engagement(10), DAY, '2026-03-04T10:15:30Z'],
    ['an hour of tomorrow', engagement(7), DAY, '2026-03-05T07:00:00Z'],
    ['no hour beyond the window', engagement(7), 2 * HOUR, '2026-03-04T10:15:30Z'],
    ['nothing known', Array.from({ length: 24 }, () => 0), DAY, '2026-03-04T10:15:30Z'],
  ])('finds the best hour: %s', (_title, hours, length, expected) => {
    expect(timeWithin({ from, until: from + length }, { engagement: hours })).toBe(at(expected));
  });
});

describe('makePreferredSendTime', () => {
  const window = { from: at('2026-03-04T10:00:00Z'), until: at('2026-03-05T10:00:00Z'), localTime: 12 * 60 };

  it('sends at once to who is not known, and at their time to who is', async () => {
    const known = makePreferredSendTime({ habitsOf: async () => ({ timeZone: 'UTC' }) });
    const unknown = makePreferredSendTime({ habitsOf: async () => undefined });
    expect(await known(RECIPIENT, window)).toBe(at('2026-03-04T12:00:00Z'));
    expect(await unknown(RECIPIENT, window)).toBe(window.from);
  });
});
