import { expect, it } from 'vitest';
import { duration, explainWaiting } from '#api/operator/explain-waiting.js';
import type { QueuedDelivery } from '#store';

const NOW = 1_700_000_000_000;
const MINUTE = 60_000;
const reply = (code: number, enhancedCode: string, message: string, mxHost?: string) => ({
  ...{ firstAttemptAt: NOW, code, enhancedCode, message },
  ...(mxHost === undefined ? {} : { mxHost }),
});
const TURN = { reason: 'Behind 3 others of its sender', until: undefined };
const waitingOf = (delivery: QueuedDelivery) =>
  delivery.due > NOW
    ? { reason: delivery.attempts === 0 ? 'Scheduled by its sender for noon' : 'by the schedule', until: delivery.due }
    : TURN;
const row = (fields: Partial<QueuedDelivery>) =>
  ({ due: NOW, attempts: 0, expiresAt: NOW + 480 * MINUTE, destinationName: 'dst.test', ...fields }) as QueuedDelivery;

it.each([
  [row({}), 'It has not been tried yet. Behind 3 others of its sender. It is given up in 8 hours.'],
  [
    row({ due: NOW + 10 * MINUTE }),
    'It has not been tried yet. Scheduled by its sender for noon, in 10 minutes. It is given up in 8 hours.',
  ],
  [
    row({ attempts: 2, due: NOW + 15 * MINUTE, last: reply(451, '4.7.1', '4.7.1 Greylisted', 'mx.dst.test') }),
    'It was tried twice; mx.dst.test put it off the last time: "451 4.7.1 Greylisted". It is tried again in 15 minutes. It is given up in 8 hours.',
  ],
  [
    row({ attempts: 5, due: NOW + 90 * 1000, last: reply(421, '4.4.1', '4.4.1 Connection timed out', 'mx.dst.test') }),
    'It was tried 5 times; no connection could be made to mx.dst.test: "421 4.4.1 Connection timed out". It is tried again in 2 minutes. It is given up in 8 hours.',
  ],
  [
    row({ attempts: 1, due: NOW + MINUTE, last: reply(421, '4.7.5', '4.7.5 TLS is required') }),
    'It was tried once; no trusted encryption could be agreed with dst.test: "421 4.7.5 TLS is required". It is tried again in 60 seconds. It is given up in 8 hours.',
  ],
  [
    row({ attempts: 1, due: NOW + MINUTE, expiresAt: NOW - 1 }),
    'It was tried once. It is tried again in 60 seconds. Its time is over: the next attempt ends it.',
  ],
])('%#', (delivery, text) => {
  expect(explainWaiting(delivery, waitingOf(delivery), NOW).text).toBe(text);
});

it('tells what the queue knows: a hold, a site that is left alone', () => {
  const held = explainWaiting(row({ due: NOW + MINUTE }), { reason: 'Held by the operator: repair', until: undefined }, NOW);
  expect(held).toMatchObject({
    text: expect.stringContaining('yet. Held by the operator: repair. It is given up'),
    nextAttemptAt: undefined,
  });
  const resting = explainWaiting(row({}), { reason: 'mx.dst.test is left alone for now: no connection', until: NOW + 5 * MINUTE }, NOW);
  expect(resting).toMatchObject({
    text: expect.stringContaining('left alone for now: no connection. It may be tried again in 5 minutes.'),
    nextAttemptAt: NOW + 5 * MINUTE,
  });
});

it('gives the time of the next attempt, unless it is due', () => {
  expect(explainWaiting(row({ due: NOW + 5 }), waitingOf(row({ due: NOW + 5 })), NOW).nextAttemptAt).toBe(NOW + 5);
  expect(explainWaiting(row({ due: NOW - 5 }), TURN, NOW).nextAttemptAt).toBeUndefined();
  expect(explainWaiting(row({}), { reason: 'x', until: NOW }, NOW).nextAttemptAt).toBeUndefined();
});

it.each([
  [0, '1 second'],
  [89_000, '89 seconds'],
  [90_000, '2 minutes'],
  [60 * MINUTE, '60 minutes'],
  [100 * MINUTE, '2 hours'],
  [48 * 60 * MINUTE, '2 days'],
])('%d ms is %s', (ms, text) => expect(duration(ms)).toBe(text));
