/** A reader of the event log follows `next` to its end, and finds what happens later at the same address. */
import { expect, test } from 'vitest';
import { waitFor } from '../support/wait-for.mjs';
import { openWorld, type WireEvent } from './support/world.js';

test('pages hold every event once, in order, and the last address can be polled', async () => {
  const world = await openWorld();
  for (let index = 0; index < 12; index++) await world.send({ subject: `number ${index}`, 'o:testmode': 'yes' });
  await world.waitForEvents({ accepted: 12, delivered: 12 });

  const get = async (url: string) => {
    const { status, body } = await world.server.api('GET', new URL(url).pathname + new URL(url).search);
    expect(status).toBe(200);
    return body as { items: WireEvent[]; paging: { next: string; previous: string; first: string; last: string } };
  };
  const seen: WireEvent[] = [];
  let page = await get(`${world.server.url}/v3/src.test/events?ascending=yes&limit=5`);
  const sizes: number[] = [];
  while (page.items.length > 0) {
    sizes.push(page.items.length);
    seen.push(...page.items);
    page = await get(page.paging.next);
  }
  expect(sizes).toEqual([5, 5, 5, 5, 4]);
  expect(new Set(seen.map(({ id }) => id)).size).toBe(24);
  const times = seen.map(({ timestamp }) => timestamp);
  expect(times).toEqual([...times].sort((one, other) => one - other));

  await world.send({ subject: 'later', 'o:testmode': 'yes' });
  const later = await waitFor(async () => {
    const { items } = await get(page.paging.next);
    return items.length === 2 && items;
  });
  expect(later.map(({ event, message }) => `${event} ${message.headers.subject}`)).toEqual(['accepted later', 'delivered later']);
});

test('filters narrow it', async () => {
  const world = await openWorld({ mx: { recipients: { 'no@dst.test': '550 no' } } });
  const id = await world.send({ to: ['yes@dst.test', 'no@dst.test'] });
  await world.send({ to: 'yes@dst.test' });
  await world.waitForEvents({ accepted: 3, delivered: 2, 'failed permanent': 1 });
  const found = async (query: Record<string, string>) => {
    const { body } = await world.server.api('GET', '/v3/src.test/events', { query });
    return (body.items as WireEvent[]).map(({ event, recipient }) => `${event} ${recipient}`).sort();
  };
  expect(await found({ event: 'failed' })).toEqual(['failed no@dst.test']);
  expect(await found({ event: 'delivered OR failed', 'message-id': id })).toEqual(['delivered yes@dst.test', 'failed no@dst.test']);
  expect(await found({ recipient: 'no@dst.test' })).toEqual(['accepted no@dst.test', 'failed no@dst.test']);
});
