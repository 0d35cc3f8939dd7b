/** How far ahead a message may be scheduled: seven days, or as long as its domain has chosen to keep messages. */
import { expect, it } from 'vitest';
import { Refusal } from '#core';
import { DOMAIN, MAIL, makeTestIntake, NOW } from './support/test-intake.js';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
/** A client's clock may be ahead of ours. */
const SLACK = 5 * 60 * SECOND;

it.each([
  ['three days, as domains come', 259_200, 7 * DAY, '7 days in advance'],
  ['an hour', 3600, HOUR, "3600 s in advance (the domain's message_ttl)"],
  ['a second', 1, SECOND, "1 s in advance (the domain's message_ttl)"],
  ['thirty days', 2_592_000, 30 * DAY, "2592000 s in advance (the domain's message_ttl)"],
])('with messages kept for %s', async (_, messageTtl, furthest, told) => {
  const intake = makeTestIntake();
  const at = (deliverAt: number) => intake.take(MAIL, { domain: { ...DOMAIN, messageTtl }, options: { deliverAt } });
  const taken = await at(NOW + furthest + SLACK);
  if (taken instanceof Refusal) throw taken;
  expect(taken.put.deliveries.map(({ due }) => due)).toEqual([NOW + furthest + SLACK]);
  expect(taken.put.keepMs).toBe(messageTtl * SECOND);
  const refused = await at(NOW + furthest + SLACK + 1);
  expect(refused).toBeInstanceOf(Refusal);
  expect(refused).toMatchObject({
    publicText: `'X-Mailgun-Deliver-By' is too far ahead: messages can be scheduled up to ${told}`,
    ...{ httpStatus: 400 },
  });
});
