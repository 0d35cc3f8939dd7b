/** What a sender says beside the message comes back in its events: test mode, tags, variables, attachments. */
import { expect, test } from 'vitest';
import { file, openWorld } from './support/world.js';

test('test mode is told like a delivery and connects to nobody', async () => {
  const world = await openWorld();
  await world.send({ 'o:testmode': 'yes' });
  const events = await world.waitForEvents({ accepted: 1, delivered: 1 });
  expect(events.every(({ flags }) => flags['is-test-mode'])).toBe(true);
  expect(world.mx.connections.total).toBe(0);
});

test('tags and variables are in every event, from both doors, and in no mail', async () => {
  const world = await openWorld();
  await world.send({
    'o:tag': ['spring', 'sale'],
    'v:order': '{"id": 7}',
    'v:who': 'rosa',
    attachment: file('a.txt', 'attached', 'text/plain'),
  });
  const submitted = await world.submit({
    headers: { 'X-Mailgun-Tag': ['spring', 'sale'], 'X-Mailgun-Variables': '{"order": {"id": 7}, "who": "rosa"}' },
  });
  expect(submitted.text).toMatch(/^250/);

  const events = await world.waitForEvents({ accepted: 2, delivered: 2 });
  for (const event of events) {
    expect(event.tags).toEqual(['spring', 'sale']);
    expect(event['user-variables']).toMatchObject({ who: 'rosa' });
  }
  expect(events.filter(({ method }) => method === 'http')[0]?.message).toMatchObject({
    attachments: [{ filename: 'a.txt', 'content-type': 'text/plain', size: 8 }],
  });
  for (const { data } of world.mx.messages) expect(data.toString('latin1')).not.toMatch(/^X-Mailgun-Tag/im);
});

test('a bad option is refused by name, with an event over SMTP, and nothing is sent', async () => {
  const world = await openWorld();
  const { status, body } = await world.server.api('POST', '/v3/src.test/messages', {
    form: { from: 'sender@src.test', to: 'rcpt@dst.test', text: 'x', 'o:deliverytime': 'soon' },
  });
  expect([status, body]).toEqual([400, { message: "soon is not an RFC-2822 compliant date (value of 'o:deliverytime')" }]);

  const refused = await world.submit({ headers: { 'X-Mailgun-Track-Clicks': 'sometimes', 'X-Mailgun-Tag': 'spring' } });
  const reason = "'X-Mailgun-Track-Clicks' is invalid: expecting yes, no or htmlonly";
  expect(refused.text).toBe(`550 5.6.0 ${reason}`);
  const [event] = await world.waitForEvents({ rejected: 1 });
  expect(event).toMatchObject({
    ...{ 'log-level': 'warn', reject: { reason, description: '' } },
    message: { headers: { to: 'rcpt@dst.test', subject: 'Hello' } },
    flags: { 'is-authenticated': true, 'is-test-mode': false },
  });
  expect(event).not.toHaveProperty('storage');
  const { stdout } = await world.server.cli('events', 'tail', '--no-follow');
  expect(stdout).toContain(reason);
  expect(world.mx.connections.total).toBe(0);
});

test('a message in test mode is told of like any other, over SMTP too', async () => {
  const world = await openWorld();
  await world.submit({ headers: { 'X-Mailgun-Drop-Message': 'yes' } });
  const events = await world.waitForEvents({ accepted: 1, delivered: 1 });
  expect(events[1]).toMatchObject({ flags: { 'is-test-mode': true }, 'delivery-status': { code: 650 } });
  expect(world.mx.connections.total).toBe(0);
});

test('variables are shown to recipients unless their sender suppresses that', async () => {
  const world = await openWorld();
  await world.send({ 'v:order': '7', subject: 'Shown' });
  await world.send({ 'v:order': '7', subject: 'Hidden', 'o:suppress-headers': 'X-Mailgun-Variables' });
  await world.waitForEvents({ accepted: 2, delivered: 2 });
  const fieldOf = (subject: string) => {
    const text = world.mx.messages.map(({ data }) => data.toString('latin1')).find((data) => data.includes(`Subject: ${subject}`));
    return /^X-Mailgun-Variables: (.*)\r$/m.exec(text ?? '')?.[1];
  };
  expect([fieldOf('Shown'), fieldOf('Hidden')]).toEqual(['{ "order": "7" }', undefined]);
});

/** What works without a source or a second key of one's own. */
const WORKING: [parameter: string, header: string, value: string][] = [
  ['o:tag', 'X-Mailgun-Tag', 'spring'],
  ['o:campaign', 'X-Mailgun-Campaign-Id', 'c1'],
  ['o:dkim', 'X-Mailgun-Dkim', 'no'],
  ['o:testmode', 'X-Mailgun-Drop-Message', 'no'],
  ['o:tracking', 'X-Mailgun-Track', 'htmlonly'],
  ['o:tracking-clicks', 'X-Mailgun-Track-Clicks', 'no'],
  ['o:tracking-opens', 'X-Mailgun-Track-Opens', 'no'],
  ['o:tracking-pixel-location-top', 'X-Mailgun-Track-Pixel-Location-Top', 'yes'],
  ['o:require-tls', 'X-Mailgun-Require-TLS', 'no'],
  ['o:skip-verification', 'X-Mailgun-Skip-Verification', 'True'],
  ['o:deliverytime', 'X-Mailgun-Deliver-By', 'Fri, 14 Oct 2011 12:00:00 +0000'],
  ['o:deliver-within', 'X-Mailgun-Deliver-Within', '1h30m'],
  ['o:deliverytime-optimize-period', 'X-Mailgun-Delivery-Time-Optimize-Period', '24h'],
  ['o:time-zone-localize', 'X-Mailgun-Time-Zone-Localize', '02:30PM'],
  ['o:suppress-headers', 'X-Mailgun-Suppress-Headers', 'all'],
  ['o:native-send', 'X-Mailgun-Native-Send', 'yes'],
];

test('the running server takes every option from both doors, and sends what it asks for nothing of at once', async () => {
  const world = await openWorld();
  for (const [parameter, header, value] of WORKING) {
    await world.send({ [parameter]: value, subject: parameter });
    expect((await world.submit({ headers: { [header]: value }, subject: header })).code).toBe(250);
  }
  await world.waitForEvents({ accepted: 2 * WORKING.length, delivered: 2 * WORKING.length });
  for (const { data } of world.mx.messages) expect(data.toString('latin1')).not.toMatch(/^X-Mailgun-/im);
});
