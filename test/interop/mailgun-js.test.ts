/** Mailgun's own JavaScript client, told nothing but our URL. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { readMessage } from '../scenarios/support/world.js';
import { waitFor } from '../support/wait-for.mjs';
import { connectMailgun } from './support/mailgun-client.mjs';
import { openRelayWorld } from './support/relay-world.js';

test('messages.create with attachments, inline images, tags and variables', async () => {
  const world = await openRelayWorld();
  const client = connectMailgun(world.server.url, world.server.keys.apiKey);
  const bytes = randomBytes(100_000);
  const sent = await client.messages.create(world.domain, {
    from: 'Söphie <sender@src.test>',
    to: ['One <rcpt@dst.test>'],
    bcc: 'hidden@dst.test',
    subject: 'From the official client',
    text: 'Hello',
    html: '<p>Hello <img src="cid:logo.png"></p>',
    attachment: [
      { data: bytes, filename: 'größe.bin' },
      { data: 'second', filename: 'b.txt' },
    ],
    inline: { data: randomBytes(200), filename: 'logo.png' },
    'h:X-Own': 'kept',
    'v:order': '7',
    'o:tag': ['spring', 'sale'],
  });
  expect(sent).toMatchObject({ status: 200, message: 'Queued. Thank you.' });
  expect(sent.id).toMatch(/^<.+@src\.test>$/);

  const events = await world.waitForEvents({ accepted: 2, delivered: 2 });
  for (const event of events) {
    expect(event).toMatchObject({ tags: ['spring', 'sale'], 'user-variables': { order: '7' } });
    expect(`<${event.message.headers['message-id']}>`).toBe(sent.id);
  }
  expect(world.arrived.flatMap(({ rcptTo }) => rcptTo).sort()).toEqual(['hidden@dst.test', 'rcpt@dst.test']);
  const { head, body } = readMessage(world.arrived[0]?.data ?? Buffer.alloc(0));
  expect(head).toMatch(/^X-Own: kept$/m);
  expect(head).not.toContain('hidden');
  expect(body).toMatch(/filename=b\.txt|filename="b\.txt"/);
  expect(body).toMatch(/Content-I[Dd]: <logo\.png>/);
  expect(body.replaceAll('\r\n', '')).toContain(bytes.toString('base64'));
});

test('messages.create with a whole MIME message', async () => {
  const world = await openRelayWorld();
  const client = connectMailgun(world.server.url, world.server.keys.apiKey);
  const message = 'From: sender@src.test\r\nTo: rcpt@dst.test\r\nSubject: Whole\r\n\r\nGanz\r\n';
  expect(await client.messages.create(world.domain, { to: 'rcpt@dst.test', message })).toMatchObject({ status: 200 });
  const arrived = await waitFor(() => world.arrived[0]);
  expect(readMessage(arrived.data).head).toContain('Subject: Whole');
});

test('domains.create, list, get, verify and destroy', async () => {
  const { server } = await openRelayWorld();
  const { domains } = connectMailgun(server.url, server.keys.apiKey);
  const created = await domains.create({ name: 'made.test', smtp_password: 'long enough' });
  expect(created).toMatchObject({ name: 'made.test', state: 'unverified', smtp_login: 'postmaster@made.test' });
  expect(created.sending_dns_records?.map(({ record_type }) => record_type)).toEqual(['TXT', 'TXT', 'CNAME']);
  expect((await domains.list()).map(({ name }) => name)).toEqual(
    expect.arrayContaining(['made.test', 'src.test', server.keys.sandboxDomain]),
  );
  const found = await domains.get('made.test');
  expect(found).toMatchObject({ name: 'made.test', receiving_dns_records: [{ record_type: 'MX', priority: '10' }] });
  expect(await domains.verify('made.test')).toMatchObject({ name: 'made.test', state: 'unverified' });
  expect(await domains.destroy('made.test')).toMatchObject({ message: 'Domain has been deleted' });
  await expect(domains.get('made.test')).rejects.toMatchObject({ status: 404, details: 'Domain not found: made.test' });
});

test('events.get follows pages to the end', async () => {
  const world = await openRelayWorld();
  for (let index = 0; index < 6; index++) await world.send({ subject: `number ${index}`, 'o:testmode': 'yes' });
  await world.waitForEvents({ accepted: 6, delivered: 6 });
  const { events } = connectMailgun(world.server.url, world.server.keys.apiKey);
  const seen: string[] = [];
  let page = await events.get(world.domain, { ascending: 'yes', limit: 5 });
  const sizes: number[] = [];
  while (page.items.length > 0) {
    sizes.push(page.items.length);
    seen.push(...page.items.map(({ id }) => id));
    page = await events.get(world.domain, { page: page.pages.next?.page ?? '' });
  }
  expect(sizes).toEqual([5, 5, 2]);
  expect(new Set(seen).size).toBe(12);
  const only = await events.get(world.domain, { event: 'delivered', begin: new Date(Date.now() - 60_000).toUTCString(), ascending: 'yes' });
  expect(only.items.map(({ event }) => event)).toEqual(Array.from({ length: 6 }, () => 'delivered'));
});

test('errors come with the texts that clients show', async () => {
  const world = await openRelayWorld();
  const message = { from: 'a@src.test', to: 'b@dst.test', text: 'x' };
  const wrongKey = connectMailgun(world.server.url, 'wrong');
  await expect(wrongKey.messages.create(world.domain, message)).rejects.toMatchObject({ status: 401, details: 'Forbidden' });
  const { messages } = connectMailgun(world.server.url, world.server.keys.apiKey);
  await expect(messages.create('nobody.test', message)).rejects.toMatchObject({ status: 404, details: 'Domain not found: nobody.test' });
  await expect(messages.create(world.domain, { ...message, to: 'no address' })).rejects.toMatchObject({
    status: 400,
    details: 'to parameter is not a valid address. please check documentation',
  });
});
