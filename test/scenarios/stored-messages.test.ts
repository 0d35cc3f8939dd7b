/** What was sent is kept for its owner: read by the URL in its events, sent again, deleted, cleared, and taken in once. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Mailgun from 'mailgun.js';
import { expect, test } from 'vitest';
import { waitFor } from '../support/wait-for.mjs';
import { countEvents, file, openWorld, readMessage, type WireEvent, type World } from './support/world.js';

type StoredEvent = WireEvent & { storage: { url: string; key: string } };

/** A request as any client sends it: the URL as it is, and Basic authentication. */
async function request(world: World, url: string, init: RequestInit = {}) {
  const authorization = `Basic ${Buffer.from(`api:${world.server.keys.apiKey}`).toString('base64')}`;
  const response = await fetch(url, { ...init, headers: { authorization, ...init.headers } });
  const bytes = Buffer.from(await response.arrayBuffer());
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  return { status: response.status, headers: response.headers, bytes, body: isJson ? JSON.parse(bytes.toString('utf8')) : undefined };
}
const formOf = (fields: Record<string, string>) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
};
/** The official client has these, and leaves them out of its types. */
interface StoredCalls {
  retrieveStoredEmail(domain: string, key: string): Promise<object>;
  resendEmail(domain: string, key: string, to: string): Promise<object>;
  getMessagesQueueStatus(domain: string): Promise<{ regular: object }>;
}
const client = ({ server }: World) =>
  new Mailgun(FormData).client({ username: 'api', key: server.keys.apiKey, url: server.url }).messages as unknown as StoredCalls;
const bodyFiles = ({ server }: World) =>
  readdirSync(join(server.dataDir, 'spool'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());

test('a message is read, sent again and deleted by the URL in its events', async () => {
  const world = await openWorld();
  const bytes = Buffer.alloc(300_000, 'stored ');
  await world.send({ text: 'Hello\n\n-- \nSender', 'o:tag': 'spring', attachment: file('größe.bin', bytes, 'application/x-own') });
  const [accepted] = (await world.waitForEvents({ accepted: 1, delivered: 1 })) as StoredEvent[];
  if (accepted === undefined) throw new Error('no event');
  const { url, key } = accepted.storage;
  expect(url).toBe(`${world.server.url}/v3/domains/src.test/messages/${key}`);

  // A restart forgets nothing; the server has another port then.
  expect(await world.server.stop()).toBe(0);
  await world.server.start();
  const again = url.replace(/^http:\/\/[^/]+/, world.server.url);
  const { status, body } = await request(world, again);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    recipients: 'rcpt@dst.test',
    sender: 'sender@src.test',
    from: 'Sender <sender@src.test>',
    subject: 'Hello',
    'stripped-text': 'Hello',
    'stripped-signature': '-- \r\nSender',
    Subject: 'Hello',
    'X-Mailgun-Tag': 'spring',
    attachments: [{ 'content-type': 'application/x-own', name: 'größe.bin', size: 300_000, url: `${again}/attachments/0` }],
  });
  const attachment = await request(world, body.attachments[0].url, { headers: { accept: 'message/rfc2822' } });
  expect(attachment.bytes.equals(bytes)).toBe(true);

  const mime = (await request(world, again, { headers: { accept: 'message/rfc2822' } })).body['body-mime'];
  const received = world.mx.messages[0]?.data.toString('latin1') ?? '';
  expect(received.endsWith(Buffer.from(mime, 'utf8').toString('latin1'))).toBe(true);
  expect(received).toMatch(/^DKIM-Signature:/m);
  expect(mime).not.toMatch(/^DKIM-Signature:/m);

  expect(await client(world).retrieveStoredEmail('src.test', key)).toEqual(body);
  const resent = await client(world).resendEmail('src.test', key, 'second@dst.test, third@dst.test');
  expect(resent).toMatchObject({ status: 200, id: body['Message-Id'], message: 'Queued. Thank you.' });
  await world.waitForEvents({ accepted: 3, delivered: 3 });
  expect(world.mx.messages).toHaveLength(3);
  const second = world.mx.messages.find(({ rcptTo }) => rcptTo.includes('second@dst.test'));
  expect(readMessage(second?.data ?? Buffer.alloc(0)).body).toBe(readMessage(world.mx.messages[0]?.data ?? Buffer.alloc(0)).body);

  expect(bodyFiles(world)).toHaveLength(2);
  expect(await request(world, again, { method: 'DELETE' })).toMatchObject({ status: 200, body: { message: 'Message has been deleted' } });
  expect(bodyFiles(world)).toHaveLength(1);
  expect(await request(world, again)).toMatchObject({ status: 404, body: { message: 'Message not found' } });
  expect(await request(world, body.attachments[0].url)).toMatchObject({ status: 404 });
  const told = ((await world.events()) as StoredEvent[]).filter((event) => event.storage.key === key);
  expect(told.map((event) => event.storage.url)).toEqual([again, again]);
});

test('a domain keeps its messages as long as it says', async () => {
  const world = await openWorld();
  const updated = await world.server.api('PUT', '/v4/domains/src.test', { form: { message_ttl: 1 } });
  expect([updated.status, updated.body.domain.message_ttl]).toEqual([200, 1]);
  await world.send();
  const [, delivered] = (await world.waitForEvents({ accepted: 1, delivered: 1 })) as StoredEvent[];
  const { url } = delivered?.storage ?? { url: '' };
  await waitFor(async () => (await request(world, url)).status === 404);
  expect((await request(world, url)).body).toEqual({ message: 'Message not found' });
  expect(((await world.events()) as StoredEvent[]).map((event) => event.storage.url)).toEqual([url, url]);
});

test('envelopes: what waits and what is scheduled ends with an event, what was delivered does not', async () => {
  const world = await openWorld({ mx: { recipients: { 'wait@dst.test': '451 4.2.1 later' } } });
  const state = { is_disabled: false, disabled: { until: '', reason: '' } };
  expect((await world.server.api('GET', '/v3/domains/src.test/sending_queues')).body).toEqual({ regular: state, scheduled: state });
  await world.send();
  await world.send({ to: 'wait@dst.test' });
  const tomorrow = String(Math.floor(Date.now() / 1000) + 86_400);
  await world.send({ to: ['later@dst.test', 'much-later@dst.test'], 'o:deliverytime': tomorrow });
  await world.waitForEvents({ accepted: 4, delivered: 1, 'failed temporary': 1 });
  expect((await world.server.cli('queue', 'hold', '--domain', 'src.test', '--reason', 'A rest')).code).toBe(0);
  const held = await client(world).getMessagesQueueStatus('src.test');
  expect(held.regular).toMatchObject({ is_disabled: true, disabled: { reason: 'A rest' } });

  const { status, body } = await world.server.api('DELETE', '/v3/src.test/envelopes');
  expect([status, body]).toEqual([200, { message: 'done' }]);
  const events = await world.waitForEvents({ accepted: 4, delivered: 1, 'failed temporary': 1, 'failed permanent': 3 });
  const ended = events.filter(({ severity }) => severity === 'permanent');
  expect(ended.map((event) => event['delivery-status']?.code)).toEqual([604, 604, 604]);
  expect((await world.server.api('GET', '/mailwagon/v1/queue')).body.items).toEqual([]);
});

test('a request with an Idempotency-Key is taken in once, whatever happens to the server meanwhile', async () => {
  const world = await openWorld();
  const send = (key: string, text = 'Hello') =>
    request(world, `${world.server.url}/v3/src.test/messages`, {
      method: 'POST',
      body: formOf({ from: 'sender@src.test', to: 'rcpt@dst.test', subject: 'Once', text }),
      headers: { 'idempotency-key': key },
    });
  const together = await Promise.all(Array.from({ length: 10 }, () => send('order-1')));
  expect(new Set(together.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
  await world.waitForEvents({ accepted: 1, delivered: 1 });

  // Killed while the same request comes again and again: what was answered, and what was committed without an answer, stays the only one.
  const flood = Array.from({ length: 20 }, () => send('order-2').catch(() => undefined));
  await Promise.race(flood);
  await world.server.kill();
  const answered = (await Promise.all(flood)).flatMap((answer) => (answer?.status === 200 ? [answer.body.id] : []));
  await world.server.start();
  const after = await send('order-2');
  expect(after.status).toBe(200);
  expect(new Set([...answered, after.body.id]).size).toBe(1);
  expect((await send('order-1')).body).toEqual(together[0]?.body);
  expect((await send('order-1', 'Something else')).status).toBe(422);
  await waitFor(async () => (countEvents(await world.events()).delivered ?? 0) >= 2);
  expect(countEvents(await world.events()).accepted).toBe(2);
});

test('what a template made says so when it is sent again, after the template has gone too', async () => {
  const world = await openWorld();
  const template = '<p>Hi {{name}}{{#if vip}}, our guest{{/if}}</p>';
  await world.server.api('POST', '/v3/src.test/templates', { form: { name: 'welcome', template, tag: 'v1' } });
  const asked = { template: 'welcome', text: undefined, 't:text': 'yes' };
  await world.send({ ...asked, 't:variables': '{"name": "Ana"}' });
  const variables = JSON.stringify({ 'bo@dst.test': { name: 'Bo' } });
  await world.send({ ...asked, to: 'bo@dst.test', 't:variables': '{"name": "%recipient.name%"}', 'recipient-variables': variables });
  const sent = (await world.waitForEvents({ accepted: 2, delivered: 2 })) as (StoredEvent & { template: object })[];
  expect((await world.server.api('DELETE', '/v3/src.test/templates/welcome')).status).toBe(200);
  const keys = new Set(sent.map(({ storage }) => storage.key));
  expect(keys.size).toBe(2);
  const shown = await Promise.all([...keys].map((key) => world.server.api('GET', `/v3/domains/src.test/messages/${key}`)));
  expect(shown.map(({ body }) => [body['X-Mailgun-Template-Name'], body['X-Mailgun-Template-Variables']]).sort()).toEqual([
    ['welcome', '{"name":"Ana"}'],
    ['welcome', '{"name":"Bo"}'],
  ]);
  for (const key of keys) expect(await client(world).resendEmail('src.test', key, 'again@dst.test')).toMatchObject({ status: 200 });
  const events = (await world.waitForEvents({ accepted: 4, delivered: 4 })) as (StoredEvent & { template: object })[];
  for (const event of events) expect(event.template).toEqual({ name: 'welcome', version: 'v1', 'is-text': true });
  const bodies = world.mx.messages.filter(({ rcptTo }) => rcptTo.includes('again@dst.test')).map(({ data }) => readMessage(data).body);
  expect(bodies.map((body) => /<p>(.*)<\/p>/.exec(body)?.[1]).sort()).toEqual(['Hi Ana', 'Hi Bo']);
});
