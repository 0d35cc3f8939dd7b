/** messages.create of Mailgun's own JavaScript client in every way it has, against a running server; what arrives is compared byte by byte. */
import { randomBytes } from 'node:crypto';
import { createReadStream, openAsBlob, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { simpleParser } from 'mailparser';
import { expect, test } from 'vitest';
import { good } from '../scenarios/support/tls-world.js';
import { openWorld, type WireEvent, type World } from '../scenarios/support/world.js';
import { waitFor } from '../support/wait-for.mjs';
import { connectMailgun } from './support/mailgun-client.mjs';

const connect = ({ server }: World, way?: 'axios' | 'fetch' | 'form-data') => connectMailgun(server.url, server.keys.apiKey, way);
const MESSAGE = { from: 'sender@src.test', to: 'rcpt@dst.test', subject: 'Files', text: 'Hello' };

/** What breaks when somebody takes a file for text: line ends of all kinds, dots at their beginnings, no line end at all, nothing at all. */
const FILES: Record<string, Buffer> = {
  'random.bin': randomBytes(700_001),
  'größe 100 %.bin': randomBytes(3),
  'lines.txt': Buffer.from('.\r\n..\n.\rGr\u00f6\u00dfe\u2028\n\n--\nFrom me\n', 'utf8'),
  'no-utf8.txt': Buffer.from([0xff, 0xfe, 0x00, 0x0a, 0xe4]),
  'zeros.dat': Buffer.alloc(5000),
  [`${'long-'.repeat(30)}name.txt`]: Buffer.from('x'.repeat(5000)),
};

/** The mails that came, by recipient, read by somebody else's parser. */
async function mailsOf(world: World, count: number) {
  await waitFor(() => world.mx.messages.length >= count, { what: `${count} mails`, timeoutMs: 20_000 });
  return new Map(await Promise.all(world.mx.messages.map(async ({ rcptTo, data }) => [rcptTo.join(), await simpleParser(data)] as const)));
}

async function expectFiles(world: World, names: readonly string[], type?: string): Promise<void> {
  const mail = (await mailsOf(world, 1)).get('rcpt@dst.test');
  expect(mail?.attachments.map(({ filename }) => filename)).toEqual(names);
  for (const { filename, content, contentType } of mail?.attachments ?? []) {
    expect(content.equals(FILES[filename ?? ''] ?? Buffer.from('none')), `the bytes of ${filename}`).toBe(true);
    if (type !== undefined) expect(contentType).toBe(type);
  }
  const [accepted] = (await world.waitForEvents({ accepted: 1, delivered: 1 })) as (WireEvent & {
    storage: { key: string };
    message: { attachments: { filename: string; size: number }[] };
  })[];
  expect(accepted?.message.attachments.map(({ filename, size }) => [filename, size])).toEqual(
    names.map((name) => [name, FILES[name]?.length]),
  );
  // The same bytes for whoever reads the stored message.
  const client = connect(world);
  const stored = await client.messages.retrieveStoredEmail(world.domain, accepted?.storage.key ?? '');
  const authorization = `Basic ${Buffer.from(`api:${world.server.keys.apiKey}`).toString('base64')}`;
  expect(stored.attachments.map(({ name }) => name)).toEqual(names);
  for (const { url, name } of stored.attachments) {
    const response = await fetch(url, { headers: { authorization } });
    expect(Buffer.from(await response.arrayBuffer()).equals(FILES[name] ?? Buffer.from('none')), `the stored bytes of ${name}`).toBe(true);
  }
}

const NAMES = Object.keys(FILES);

test.each(['axios', 'fetch', 'form-data'] as const)('attachments from buffers arrive byte by byte (%s)', async (way) => {
  const world = await openWorld();
  const attachment = Object.entries(FILES).map(([filename, data]) => ({ data, filename }));
  expect(await connect(world, way).messages.create(world.domain, { ...MESSAGE, attachment })).toMatchObject({ status: 200 });
  await expectFiles(world, NAMES);
});

test('attachments from streams, of known and unknown length', async () => {
  const world = await openWorld();
  const attachment = Object.entries(FILES).map(([filename, data], index) => ({
    ...(index % 2 === 0
      ? { data: Readable.from([data.subarray(0, 1), data.subarray(1)]), knownLength: data.length }
      : { data: streamOf(data) }),
    ...{ filename, contentType: 'application/x-own' },
  }));
  expect(await connect(world, 'form-data').messages.create(world.domain, { ...MESSAGE, attachment })).toMatchObject({ status: 200 });
  await expectFiles(world, NAMES, 'application/x-own');
});

test.each(['axios', 'fetch', 'form-data'] as const)('attachments from files by their paths (%s)', async (way) => {
  const world = await openWorld();
  const attachment = await Promise.all(
    Object.entries(FILES).map(async ([filename, bytes]) => {
      const path = join(world.folder, filename);
      writeFileSync(path, bytes);
      return { filename, data: way === 'form-data' ? createReadStream(path) : await openAsBlob(path) };
    }),
  );
  expect(await connect(world, way).messages.create(world.domain, { ...MESSAGE, attachment })).toMatchObject({ status: 200 });
  await expectFiles(world, NAMES);
});

test('an attachment on its own, a text and a File', async () => {
  const world = await openWorld();
  const { messages } = connect(world);
  for (const [to, attachment] of [
    ['buffer@dst.test', FILES['no-utf8.txt']],
    ['text@dst.test', 'just text'],
    ['file@dst.test', new File(['in a File'], 'own.txt', { type: 'text/x-own' })],
  ] as const)
    await messages.create(world.domain, { ...MESSAGE, to, attachment });
  const mails = await mailsOf(world, 3);
  const of = (to: string) => mails.get(to)?.attachments.map(({ filename, content }) => [filename, content.toString('latin1')]);
  expect(of('buffer@dst.test')).toEqual([['file', FILES['no-utf8.txt']?.toString('latin1')]]);
  expect(of('text@dst.test')).toEqual([['file', 'just text']]);
  expect(of('file@dst.test')).toEqual([['own.txt', 'in a File']]);
});

test('a message of its own as text, Buffer and Blob', async () => {
  const world = await openWorld();
  const { messages } = connect(world);
  const mime = (to: string) =>
    `From: sender@src.test\r\nTo: ${to}\r\nSubject: Gr\u00f6\u00dfe\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n.dot\r\n`;
  const [text, bytes, blob] = ['text@dst.test', 'buffer@dst.test', 'blob@dst.test'];
  await messages.create(world.domain, { to: text, message: mime(text) });
  await messages.create(world.domain, { to: bytes, message: Buffer.from(mime(bytes)) });
  await messages.create(world.domain, { to: blob, message: new Blob([mime(blob)]) });
  await mailsOf(world, 3);
  for (const { rcptTo, data } of world.mx.messages)
    expect(data.toString('utf8').endsWith(`${mime(rcptTo.join()).split('\r\n').slice(2).join('\r\n')}`)).toBe(true);
});

test('a stored template with version, text and variables from both places', async () => {
  const world = await openWorld();
  const { messages, domains } = connect(world);
  const headers = { Subject: 'Order {{order.id}}', From: 'Shop <shop@src.test>', 'Reply-To': 'help@src.test' };
  await domains.domainTemplates.create(world.domain, { name: 'order', description: 'Order', template: '<p>old</p>', tag: 'v1' });
  await domains.domainTemplates.createVersion(world.domain, 'order', {
    ...{ tag: 'v2', headers: JSON.stringify(headers), active: 'no' },
    template: '<p>Hello {{name}}, {{#each order.items}}{{this}};{{/each}} {{note}}</p>',
  });
  const sent = await messages.create(world.domain, {
    ...{ to: 'rcpt@dst.test', template: 'order', 't:version': 'v2', 't:text': 'yes' },
    't:variables': JSON.stringify({ name: 'Ana & Bo', order: { id: 7, items: ['tea', 'milk'] } }),
    'h:X-Mailgun-Variables': JSON.stringify({ name: 'nobody', note: 'from the header' }),
  });
  expect(sent.status).toBe(200);
  const mail = (await mailsOf(world, 1)).get('rcpt@dst.test');
  expect(mail).toMatchObject({ subject: 'Order 7', from: { text: '"Shop" <shop@src.test>' }, replyTo: { text: 'help@src.test' } });
  expect(mail?.html).toContain('<p>Hello Ana &amp; Bo, tea;milk; from the header</p>');
  expect(mail?.text).toContain('Hello Ana & Bo, tea;milk; from the header');
  for (const event of await world.waitForEvents({ accepted: 1, delivered: 1 })) {
    expect(event).toMatchObject({ template: { name: 'order', version: 'v2', 'is-text': true } });
    expect(event['user-variables']).toEqual({ name: 'nobody', note: 'from the header' });
  }
});

test('a batch with recipient variables, from a template and from texts', async () => {
  const world = await openWorld();
  const { messages, domains } = connect(world);
  const batch = {
    ...{ from: 'sender@src.test', to: ['Ana <ana@dst.test>', 'bo@dst.test'], subject: 'For %recipient.first%' },
    'recipient-variables': JSON.stringify({ 'ana@dst.test': { first: 'Ana', id: 1 }, 'bo@dst.test': { first: 'Bo', id: 2 } }),
  };
  await messages.create(world.domain, { ...batch, text: 'Number %recipient.id%', 'v:order': 'o-%recipient.id%' });
  const mails = await mailsOf(world, 2);
  expect(mails.get('ana@dst.test')).toMatchObject({
    subject: 'For Ana',
    text: expect.stringMatching(/^Number 1\n?$/),
    to: { text: '"Ana" <ana@dst.test>' },
  });
  expect(mails.get('bo@dst.test')).toMatchObject({
    subject: 'For Bo',
    text: expect.stringMatching(/^Number 2\n?$/),
    to: { text: 'bo@dst.test' },
  });
  const told = await world.waitForEvents({ accepted: 2, delivered: 2 });
  const shown = told.map(({ recipient, 'user-variables': variables }) => [recipient, variables.order]).sort();
  expect(shown).toEqual([
    ['ana@dst.test', 'o-1'],
    ['ana@dst.test', 'o-1'],
    ['bo@dst.test', 'o-2'],
    ['bo@dst.test', 'o-2'],
  ]);

  await domains.domainTemplates.create(world.domain, {
    name: 'hi',
    description: 'Hi',
    template: '<p>{{greeting}} {{#equal who "Ana"}}first{{else}}other{{/equal}}</p>',
  });
  world.mx.messages.length = 0;
  const variables = JSON.stringify({ greeting: 'Hello', who: '%recipient.first%' });
  await messages.create(world.domain, { ...batch, template: 'hi', 't:variables': variables });
  const rendered = await mailsOf(world, 2);
  expect(rendered.get('ana@dst.test')?.html).toContain('<p>Hello first</p>');
  expect(rendered.get('bo@dst.test')?.html).toContain('<p>Hello other</p>');
});

test('send options, the booleans of the client among them', async () => {
  const world = await openWorld({ mx: { tls: { cert: good.cert, key: good.key } } });
  const { messages } = connect(world);
  const later = Math.floor(Date.now() / 1000) + 3600;
  await messages.create(world.domain, {
    ...MESSAGE,
    to: 'test@dst.test',
    'o:testmode': true,
    'o:tag': ['Spring', 'sale'],
    'o:tracking': false,
  });
  await messages.create(world.domain, {
    ...{ ...MESSAGE, to: 'later@dst.test' },
    'o:deliverytime': new Date(later * 1000).toUTCString(),
    'o:deliver-within': '1h30m',
    'o:time-zone-localize': '02:00PM',
  });
  await messages.create(world.domain, {
    ...{ ...MESSAGE, to: 'now@dst.test', cc: 'cc@dst.test', 'h:X-Own': 'kept', 'v:order': '7' },
    ...{ 'o:dkim': 'no', 'o:require-tls': true, 'o:skip-verification': 'true', 'o:deliverytime-optimize-period': '24h' },
    ...{ 'o:tracking-clicks': 'htmlonly', 'o:tracking-opens': 'yes', 'o:tag': 'one', 'o:suppress-headers': 'all' },
  });
  const events = await world.waitForEvents({ accepted: 4, delivered: 3 });
  const of = (recipient: string) => events.filter((event) => event.recipient === recipient);
  expect(of('test@dst.test')).toMatchObject([
    { event: 'accepted', tags: ['Spring', 'sale'], flags: { 'is-test-mode': true } },
    { event: 'delivered', 'delivery-status': { code: 650 } },
  ]);
  expect(of('later@dst.test')).toMatchObject([{ event: 'accepted', message: { 'scheduled-for': later } }]);
  expect(of('now@dst.test')).toMatchObject([{ tags: ['one'] }, { event: 'delivered', 'delivery-status': { tls: true } }]);
  const mail = (await mailsOf(world, 2)).get('now@dst.test');
  expect([mail?.headers.get('x-own'), mail?.headers.has('dkim-signature')]).toEqual(['kept', false]);
  expect([...(mail?.headers.keys() ?? [])].filter((name) => name.startsWith('x-mailgun'))).toEqual([]);
  await expect(messages.create(world.domain, { ...MESSAGE, 'o:deliver-within': '4m' })).rejects.toMatchObject({
    status: 400,
    details: expect.stringContaining('o:deliver-within'),
  });
});

test('stored messages are retrieved and sent again', async () => {
  const world = await openWorld();
  const { messages } = connect(world);
  const sent = await messages.create(world.domain, {
    ...MESSAGE,
    html: '<p>Hello</p>',
    'o:tag': 'again',
    attachment: { data: FILES['random.bin'], filename: 'random.bin' },
  });
  const [event] = (await world.waitForEvents({ accepted: 1, delivered: 1 })) as (WireEvent & { storage: { key: string } })[];
  const key = event?.storage.key ?? '';
  expect(await messages.retrieveStoredEmail(world.domain, key)).toMatchObject({
    ...{ recipients: 'rcpt@dst.test', from: 'sender@src.test', subject: 'Files', 'body-plain': 'Hello', 'body-html': '<p>Hello</p>' },
    attachments: [{ name: 'random.bin', size: 700_001 }],
  });
  expect(await messages.resendEmail(world.domain, key, 'ana@dst.test, bo@dst.test')).toMatchObject({
    status: 200,
    id: sent.id,
    message: 'Queued. Thank you.',
  });
  const events = await world.waitForEvents({ accepted: 3, delivered: 3 });
  for (const again of events)
    expect(again).toMatchObject({ tags: ['again'], message: { headers: { 'message-id': sent.id.slice(1, -1) } } });
  const bodies = new Set(world.mx.messages.map(({ data }) => data.toString('latin1').split('\r\n\r\n').slice(1).join('\r\n\r\n')));
  expect([world.mx.messages.length, bodies.size]).toEqual([3, 1]);
  await expect(messages.retrieveStoredEmail(world.domain, 'BAABnone')).rejects.toMatchObject({ status: 404, details: 'Message not found' });
});

async function* piecesOf(bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
}
const streamOf = (bytes: Buffer) => Readable.from(piecesOf(bytes));
