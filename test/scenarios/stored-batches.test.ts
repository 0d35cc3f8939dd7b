/** Of a batch each recipient has a stored message of their own: by its URL it is read as they were sent it, sent again, and deleted for them alone. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { expect, test } from 'vitest';
import { waitFor } from '../support/wait-for.mjs';
import { file, openWorld, type WireEvent, type World } from './support/world.js';

type StoredEvent = WireEvent & { storage: { url: string; key: string } };

const PEOPLE = ['ann', 'bob', 'cy'] as const;
const addressOf = (name: string) => `${name}@dst.test`;
const VARIABLES = { ann: { name: 'Ann', code: 'K-11' }, bob: { name: 'Bób', code: 'K-22' }, cy: { name: 'Cy', code: 'K-33' } };

/** A request by the URL of the event, wherever the server listens since. */
async function request(world: World, url: string, init: RequestInit = {}) {
  const authorization = `Basic ${Buffer.from(`api:${world.server.keys.apiKey}`).toString('base64')}`;
  const { pathname } = new URL(url);
  const response = await fetch(`${world.server.url}${pathname}`, { ...init, headers: { authorization, ...init.headers } });
  const text = await response.text();
  return {
    status: response.status,
    text,
    body: response.headers.get('content-type')?.startsWith('application/json') ? JSON.parse(text) : undefined,
  };
}
const mimeOf = async (world: World, url: string) =>
  String((await request(world, url, { headers: { accept: 'message/rfc2822' } })).body['body-mime']);
const bodyFiles = ({ server }: World) =>
  readdirSync(join(server.dataDir, 'spool'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());

async function sendBatch(world: World, more: Record<string, string> = {}) {
  const variables = Object.fromEntries(PEOPLE.map((name) => [addressOf(name), VARIABLES[name]]));
  await world.send({
    to: ['Ann A. <ann@dst.test>', 'bob@dst.test', 'cy@dst.test'],
    subject: 'For %recipient.name%',
    text: 'Hello %recipient.name%: %recipient.code% for %recipient_email%',
    'v:code': '%recipient.code%',
    'recipient-variables': JSON.stringify(variables),
    ...more,
  });
}

/** Every recipient's URL, the same one in all of their events. */
async function urlsOf(world: World, counts: Record<string, number>): Promise<Record<(typeof PEOPLE)[number], string>> {
  const events = (await world.waitForEvents(counts)) as StoredEvent[];
  const urls = PEOPLE.map((name) => {
    const mine = new Set(events.filter(({ recipient }) => recipient === addressOf(name)).map(({ storage }) => storage.url));
    expect(mine.size).toBe(1);
    return [name, [...mine][0] ?? ''] as const;
  });
  expect(new Set(urls.map(([, url]) => url)).size).toBe(PEOPLE.length);
  for (const { storage } of events) expect(storage.url.endsWith(`/v3/domains/src.test/messages/${storage.key}`)).toBe(true);
  return Object.fromEntries(urls) as Record<(typeof PEOPLE)[number], string>;
}

/** What `name` was sent, in every form in which it is read, and nothing of the others. */
async function expectTheirs(world: World, name: (typeof PEOPLE)[number], url: string): Promise<void> {
  const { status, body, text } = await request(world, url);
  expect(status).toBe(200);
  const { name: shown, code } = VARIABLES[name];
  expect(body).toMatchObject({
    ...{ recipients: addressOf(name), sender: 'sender@src.test', subject: `For ${shown}`, 'X-Mailgun-Variables': `{ "code": "${code}" }` },
    'body-plain': expect.stringContaining(`Hello ${shown}: ${code} for ${addressOf(name)}`),
    'message-url': `${world.server.url}${new URL(url).pathname}`,
  });
  expect(body.To).toBe(name === 'ann' ? '"Ann A." <ann@dst.test>' : addressOf(name));
  const mime = await mimeOf(world, url);
  for (const other of PEOPLE.filter((one) => one !== name)) {
    for (const part of [addressOf(other), VARIABLES[other].code]) expect(text + mime).not.toContain(part);
  }
  expect(text + mime).not.toContain('%recipient');
}

test('is read while it waits and after it was delivered, over a restart, and is what was sent', async () => {
  const world = await openWorld();
  await world.server.cli('queue', 'hold', '--destination', 'dst.test', '--reason', 'wait');
  await sendBatch(world);
  const queued = await urlsOf(world, { accepted: 3 });
  for (const name of PEOPLE) await expectTheirs(world, name, queued[name]);
  const waiting = Object.fromEntries(await Promise.all(PEOPLE.map(async (name) => [name, await mimeOf(world, queued[name])] as const)));

  expect(await world.server.stop()).toBe(0);
  await world.server.start();
  for (const name of PEOPLE) await expectTheirs(world, name, queued[name]);
  await world.server.cli('queue', 'release', '--destination', 'dst.test');
  const path = (url: string) => new URL(url).pathname;
  const ended = await urlsOfAll(world);
  for (const name of PEOPLE) {
    expect(path(ended[name])).toBe(path(queued[name]));
    await expectTheirs(world, name, ended[name]);
    const sent = world.mx.messages.find(({ rcptTo }) => rcptTo.includes(addressOf(name)))?.data.toString('utf8') ?? '';
    const mime = await mimeOf(world, ended[name]);
    expect(mime).toBe(waiting[name]);
    // Signed on its way out, and otherwise the same.
    expect(sent.endsWith(mime)).toBe(true);
    expect(mime).not.toMatch(/^DKIM-Signature:/m);
  }
  expect(await world.server.stop()).toBe(0);
  await world.server.start();
  for (const name of PEOPLE) await expectTheirs(world, name, ended[name]);
});

test('is sent again as it was, with tags and variables of its own', async () => {
  const world = await openWorld();
  await sendBatch(world, { 'o:tag': 'spring' });
  const urls = await urlsOfAll(world);
  const form = new FormData();
  form.append('to', 'dora@dst.test, emil@dst.test');
  expect((await request(world, urls.bob, { method: 'POST', body: form })).status).toBe(200);
  const events = (await world.waitForEvents({ accepted: 5, delivered: 5 })) as StoredEvent[];
  const mime = await mimeOf(world, urls.bob);
  for (const to of ['dora@dst.test', 'emil@dst.test']) {
    const again = world.mx.messages.find(({ rcptTo }) => rcptTo.includes(to))?.data ?? Buffer.alloc(0);
    const mail = await simpleParser(again);
    expect([mail.subject, mail.text?.trim()]).toEqual(['For Bób', 'Hello Bób: K-22 for bob@dst.test']);
    expect(mail.to).toMatchObject({ value: [{ address: 'bob@dst.test' }] });
    expect(again.toString('utf8').split('\r\n\r\n')[1]).toBe(mime.split('\r\n\r\n')[1]);
    for (const event of events.filter(({ recipient }) => recipient === to)) {
      expect(event).toMatchObject({ tags: ['spring'], 'user-variables': { code: 'K-22' }, message: { headers: { subject: 'For Bób' } } });
    }
  }
});

test('is deleted for one recipient alone; the bytes that all share go with the last', async () => {
  const world = await openWorld({ mx: { recipients: { 'cy@dst.test': '451 4.2.1 later' } } });
  const bytes = Buffer.alloc(200_000, 'shared ');
  await sendBatch(world, { attachment: file('all.bin', bytes, 'application/x-own') } as never);
  const urls = await urlsOf(world, { accepted: 3, delivered: 2, 'failed temporary': 1 });
  expect(bodyFiles(world)).toHaveLength(1);
  const attachment = await fetch(`${world.server.url}${new URL(urls.bob).pathname}/attachments/0`, {
    headers: { authorization: `Basic ${Buffer.from(`api:${world.server.keys.apiKey}`).toString('base64')}` },
  });
  expect(Buffer.from(await attachment.arrayBuffer()).equals(bytes)).toBe(true);

  const gone = { status: 404, body: { message: 'Message not found' } };
  const remove = (url: string) => request(world, url, { method: 'DELETE' });
  expect(await remove(urls.ann)).toMatchObject({ status: 200, body: { message: 'Message has been deleted' } });
  expect(await request(world, urls.ann)).toMatchObject(gone);
  expect(await request(world, `${urls.ann}/attachments/0`)).toMatchObject(gone);
  expect(await remove(urls.ann)).toMatchObject(gone);
  await expectTheirs(world, 'bob', urls.bob);
  await expectTheirs(world, 'cy', urls.cy);

  // Deleted while it waits: still delivered, never shown again.
  expect((await remove(urls.cy)).status).toBe(200);
  expect(await request(world, urls.cy)).toMatchObject(gone);
  expect(await world.server.stop()).toBe(0);
  await world.server.start();
  expect(await request(world, urls.cy)).toMatchObject(gone);
  expect(await request(world, urls.ann)).toMatchObject(gone);
  const { status } = await world.server.api('DELETE', '/v3/src.test/envelopes');
  expect(status).toBe(200);
  await world.waitForEvents({ accepted: 3, delivered: 2, 'failed temporary': 1, 'failed permanent': 1 });
  expect(await request(world, urls.cy)).toMatchObject(gone);
  await expectTheirs(world, 'bob', urls.bob);
  expect(bodyFiles(world)).toHaveLength(1);
  expect((await remove(urls.bob)).status).toBe(200);
  expect(await request(world, urls.bob)).toMatchObject(gone);
  expect(bodyFiles(world)).toHaveLength(0);
});

test('is kept as long as the domain says', async () => {
  const world = await openWorld();
  await world.server.api('PUT', '/v4/domains/src.test', { form: { message_ttl: 1 } });
  await sendBatch(world);
  const urls = await urlsOfAll(world);
  for (const name of PEOPLE) await waitFor(async () => (await request(world, urls[name])).status === 404);
});

test('says why when none could be made', async () => {
  const world = await openWorld();
  await world.server.api('POST', '/v3/src.test/templates', {
    form: { name: 'big', template: '{{#each list}}{{../a}}{{/each}}', tag: 'v1' },
  });
  const list = Array.from({ length: 400 }, () => 1);
  const values = { 'ann@dst.test': { a: 'x' }, 'bob@dst.test': { a: 'y'.repeat(30_000) } };
  await world.send({
    ...{ to: 'ann@dst.test, bob@dst.test', template: 'big', text: undefined as never },
    't:variables': JSON.stringify({ list, a: '%recipient.a%' }),
    'recipient-variables': JSON.stringify(values),
  });
  const events = (await world.waitForEvents({ accepted: 2, delivered: 1, 'failed permanent': 1 })) as StoredEvent[];
  const failed = events.find(({ severity }) => severity === 'permanent');
  const answer = await request(world, failed?.storage.url ?? '');
  expect([answer.status, `5.6.0 ${answer.body.message}`]).toEqual([400, failed?.['delivery-status']?.message]);
  expect(answer.body.message).toContain('The template cannot be rendered: ');
});

const urlsOfAll = (world: World) => urlsOf(world, { accepted: 3, delivered: 3 });
