/** Every filter of the manual narrows what the events query of a running server gives, on every page of it; an unknown one is refused, never ignored. */
import { expect, test } from 'vitest';
import { file, openWorld } from './support/world.js';

test('filters and their expressions hold for every page', async () => {
  const world = await openWorld({ mx: { recipients: { 'no@dst.test': '550 no such user' } } });
  const first = await world.send({
    ...{ from: 'Shop <shop@src.test>', to: 'Alice Smith <alice@dst.test>', subject: 'Hello Rachel', 'o:tag': ['order', 'spring sale'] },
    attachment: file('receipt.pdf', Buffer.alloc(30_000), 'application/pdf'),
  });
  await world.send({ from: 'News <news@src.test>', to: 'bob@dst.test', subject: 'Farewell Monica', 'o:tag': 'news' });
  await world.send({ from: 'News <news@src.test>', to: 'no@dst.test', subject: 'Hello Monica', 'o:tag': 'news' });
  await world.waitForEvents({ accepted: 3, delivered: 2, 'failed permanent': 1 });

  /** Page by page, two events each. */
  const found = async (query: Record<string, string | string[]>) => {
    const names: string[] = [];
    let path = `/v3/src.test/events`;
    for (let page = 0; page < 10; page++) {
      const { status, body } = await world.server.api('GET', path, page === 0 ? { query: { limit: 2, ...query } } : {});
      expect(status).toBe(200);
      if (body.items.length === 0) return names.sort();
      names.push(...body.items.map(({ event, recipient }: { event: string; recipient: string }) => `${event} ${recipient.split('@')[0]}`));
      const next = new URL(body.paging.next);
      path = next.pathname + next.search;
    }
    throw new Error('the pages do not end');
  };
  const [alice, bob, no] = [
    ['accepted alice', 'delivered alice'],
    ['accepted bob', 'delivered bob'],
    ['accepted no', 'failed no'],
  ];
  const all = [...alice, ...bob, ...no].sort();

  expect(await found({})).toEqual(all);
  expect(await found({ tags: 'order' })).toEqual(alice);
  expect(await found({ tags: '"spring sale" OR news' })).toEqual(all);
  expect(await found({ from: 'news@src.test' })).toEqual([...bob, ...no].sort());
  expect(await found({ to: '"Alice Smith"' })).toEqual(alice);
  expect(await found({ subject: '(Hello AND NOT Rachel) OR (Farewell AND Monica)' })).toEqual([...bob, ...no].sort());
  expect(await found({ attachment: 'receipt.pdf' })).toEqual(alice);
  expect(await found({ size: '>20000 <100000' })).toEqual(alice);
  expect(await found({ size: '<20000', event: 'accepted' })).toEqual(['accepted bob', 'accepted no']);
  expect(await found({ recipients: 'bob@dst.test' })).toEqual(['accepted bob']);
  expect(await found({ recipient: 'alice@dst.test OR bob@dst.test', event: 'delivered' })).toEqual(['delivered alice', 'delivered bob']);
  expect(await found({ severity: 'permanent' })).toEqual(['failed no']);
  expect(await found({ 'message-id': first })).toEqual(alice);
  expect(await found({ event: 'NOT accepted' })).toEqual(['delivered alice', 'delivered bob', 'failed no']);
  expect(await found({ event: 'rejected OR failed' })).toEqual(['failed no']);
  expect(await found({ list: 'devs@src.test' })).toEqual([]);
  expect(await found({ subject: ['Hello', 'Monica'] })).toEqual(no);

  for (const query of [{ tag: 'order' }, { colour: 'red' }, { subject: '(Hello' }, { size: 'big' }]) {
    const refused = await world.server.api('GET', '/v3/src.test/events', { query });
    expect([query, refused.status]).toEqual([query, 400]);
    expect(refused.body.message).toContain(`'${Object.keys(query)[0]}'`);
  }
});

test('what events say of files and schedules is where the manual has it', async () => {
  const world = await openWorld();
  const at = Math.floor(Date.now() / 1000) + 3600;
  const png = file('logo.png', Buffer.alloc(9), 'image/png');
  const pdf = file('receipt.pdf', Buffer.alloc(1042), 'application/pdf');
  await world.send({ html: '<img src="cid:logo.png">', attachment: pdf, inline: png, 'o:deliverytime': String(at) });
  const [event] = (await world.waitForEvents({ accepted: 1 })) as unknown as Record<string, Record<string, unknown>>[];
  expect(event).not.toHaveProperty('scheduled-for');
  expect(event?.message).toMatchObject({
    'scheduled-for': at,
    // In the order of the message, as mail from other doors has them.
    attachments: [
      { filename: 'logo.png', 'content-type': 'image/png', size: 9 },
      { filename: 'receipt.pdf', 'content-type': 'application/pdf', size: 1042 },
    ],
  });
});
