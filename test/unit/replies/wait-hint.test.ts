import { expect, it } from 'vitest';
import { DAY, HOUR, MINUTE, SECOND } from '#core';
import { GREYLIST_WAIT, MAX_WAIT_HINT, retryHint, waitHint } from '#replies/wait-hint.js';
import { type Family, steepFamilies } from '../../support/growth.js';

it.each<[string, number | undefined]>([
  ['4.7.1 Please try again in 300 seconds', 300 * SECOND],
  ['4.2.0 Greylisted for 5 minutes', 5 * MINUTE],
  ['Recipient address rejected: Greylisted for 300 seconds', 300 * SECOND],
  ['4.7.1 Greylisting in action, please come back in 00:04:59', 4 * MINUTE + 59 * SECOND],
  ['Greylisted, please come back later in 01:00:00 hours', HOUR],
  ['Please retry in 1 hour', HOUR],
  ['please wait at least 15 min', 15 * MINUTE],
  ['Try again later, in about 2hrs', 2 * HOUR],
  ['try again in an hour', HOUR],
  ['Please try again after ten minutes', 10 * MINUTE],
  ['retry-after: 120', 120 * SECOND],
  ['4.7.0 retry timeout 900', 900 * SECOND],
  ['try again in 5m', 5 * MINUTE],
  ['Throttled. Wait 90s', 90 * SECOND],
  ['deferred for 3 hours', 3 * HOUR],
  ['Your IP is blocked for 60-minutes', HOUR],
  ['Bitte in 5 Minuten erneut versuchen', 5 * MINUTE],
  ['Veuillez réessayer dans 10 minutes', 10 * MINUTE],
  ['Por favor reintente en 3 minutos', 3 * MINUTE],
  ['try again in 2 days', MAX_WAIT_HINT],
  ['try again in 999999 hours', MAX_WAIT_HINT],
  ['try again later', undefined],
  ['try again in a few minutes', undefined],
  ['try again in 0 seconds', undefined],
  ['5.7.1 Message too old: 300 seconds', undefined],
  ['Too many messages, 4 hours limit', undefined],
  ['try again. You sent 100 mails in 5 minutes', undefined],
  ['see RFC 2821 3.5', undefined],
  ['', undefined],
])('%s → %s ms', (text, expected) => {
  expect(waitHint(text)).toBe(expected);
});

it('reads a hostile text in linear time', async () => {
  const hostile: Family<string>[] = [
    ['try', (size) => 'try '.repeat(size / 4)],
    ['words', (size) => `try ${'a '.repeat(size / 2)}`],
    ['digits', (size) => `retry in ${'1'.repeat(size)}`],
    ['times', (size) => 'again in 5 '.repeat(size / 11)],
  ];
  expect(await steepFamilies(hostile, 20_000, waitHint)).toEqual([]);
});

it('sends what was greylisted again from the same source, not before five minutes', () => {
  expect(retryHint('Greylisted', true)).toEqual({ atLeast: GREYLIST_WAIT, sameSource: true });
  expect(retryHint('Greylisted for 60 seconds', true)).toEqual({ atLeast: GREYLIST_WAIT, sameSource: true });
  expect(retryHint('Greylisted for 20 minutes', true)).toEqual({ atLeast: 20 * MINUTE, sameSource: true });
  expect(retryHint('try again in 60 seconds', false)).toEqual({ atLeast: MINUTE, sameSource: false });
  expect(retryHint('no', false)).toEqual({ atLeast: 0, sameSource: false });
  expect(MAX_WAIT_HINT).toBeLessThan(DAY);
});
