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
