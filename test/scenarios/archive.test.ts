/** `o:archive-to` over a whole server: what each recipient's server received is POSTed byte for byte, until somebody takes it. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { waitFor } from '../support/wait-for.mjs';
import { file, openWorld, type World } from './support/world.js';

interface Archived {
  path: string;
  type: string | undefined;
  body: Buffer;
}

/** A customer's web server that answers as `statuses` say, the last of them for ever. */
async function openArchive(statuses: number[] = [200], port = 0) {
  const requests: Archived[] = [];
  const server: Server = createServer(async (request, response) => {
    const body = await buffer(request);
    requests.push({ path: `${request.method} ${request.url}`, type: request.headers['content-type'], body });
    response.statusCode = (statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 200;
    response.end('taken');
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  return { requests, close, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in?box=1` };
}

const open = (mx = {}) => openWorld({ mx, config: { webhooks: { allowPrivateNetworks: true } } });

const texts = (bodies: Buffer[]) => bodies.map((body) => body.toString('latin1')).sort();
const receivedBy = ({ mx }: World) => texts(mx.messages.map(({ data }) => data));

/** The calls that wait. With `dueNow` their time comes, while the server is not running. */
function waiting({ server }: World, dueNow = false): { id: string; attempts: number }[] {
  const database = new Database(join(server.dataDir, 'events.db'));
  try {
    if (dueNow) database.prepare('UPDATE http_call SET due = 0').run();
    return database.prepare<[], { id: string; attempts: number }>('SELECT id, attempts FROM http_call').all();
  } finally {
    database.close();
  }
}

test('each delivery of a message is archived as its server received it, large ones, batches and mail from SMTP too', async () => {
  const archive = await openArchive();
  // Without 8BITMIME what arrives is not what was sent in.
  const world = await open({ extensions: ['PIPELINING'], recipients: { 'gone@dst.test': '550 5.1.1 nobody' } });
  const archiveTo = { 'o:archive-to': archive.url };
  await world.send({ to: ['a@dst.test', 'b@dst.test', 'gone@dst.test'], text: 'Größe', html: '<p>Größe</p>', ...archiveTo });
  await world.send({ attachment: file('large.bin', Buffer.alloc(400_000, 'large ')), ...archiveTo });
  const variables = JSON.stringify({ 'c@dst.test': { n: 1 }, 'd@dst.test': { n: 2 } });
  await world.send({ to: 'c@dst.test, d@dst.test', text: 'Number %recipient.n%', 'recipient-variables': variables, ...archiveTo });
  const headers = `X-Mailgun-Archive-To: ${archive.url}\r\nContent-Transfer-Encoding: 8bit\r\nContent-Type: text/plain; charset=utf-8\r\n`;
  await world.submit({
    raw: `From: sender@src.test\r\nTo: e@dst.test\r\nSubject: Dots\r\n${headers}\r\n.\r\n..Größe\r\n`,
    from: 'sender@src.test',
    to: 'e@dst.test',
  });
  await world.waitForEvents({ accepted: 7, delivered: 6, 'failed permanent': 1 });

  await waitFor(() => archive.requests.length >= 6, { what: 'six copies' });
  for (const { path, type } of archive.requests) expect([path, type]).toEqual(['POST /in?box=1', 'application/mime']);
  expect(texts(archive.requests.map(({ body }) => body))).toEqual(receivedBy(world));
  for (const { body } of archive.requests) {
    expect(body.toString('latin1')).toMatch(/^DKIM-Signature: /m);
    expect(body.toString('latin1')).not.toMatch(/archive/i);
  }
  await waitFor(() => waiting(world).length === 0, { what: 'an empty queue of calls' });
  expect(archive.requests).toHaveLength(6);
});

test('the URL of a domain gets the copies of mail that names none itself', async () => {
  const [own, named] = [await openArchive(), await openArchive()];
  const world = await open();
  const put = (archiveTo: string) => world.server.api('PUT', '/v4/domains/src.test', { form: { archive_to: archiveTo } });
  expect((await put(own.url)).body.domain).toMatchObject({ archive_to: own.url });
  await world.send({ subject: 'of the domain' });
  await world.send({ subject: 'of the message', 'o:archive-to': named.url });
  await waitFor(() => own.requests.length + named.requests.length >= 2, { what: 'two copies' });
  expect(own.requests.map(({ body }) => /^Subject: (.*)\r$/m.exec(body.toString('latin1'))?.[1])).toEqual(['of the domain']);
  expect((await put('')).body.domain).not.toHaveProperty('archive_to');
  await world.send({ subject: 'of nobody' });
  await world.waitForEvents({ accepted: 3, delivered: 3 });
  expect(waiting(world)).toEqual([]);
});

test('nothing is archived of what nobody received', async () => {
  const archive = await openArchive();
  const world = await open({ recipients: { 'later@dst.test': '451 4.2.1 later' } });
  await world.send({ 'o:archive-to': archive.url, 'o:testmode': 'yes' });
  await world.send({ to: 'later@dst.test', 'o:archive-to': archive.url });
  await world.send({ to: 'plain@dst.test' });
  await world.waitForEvents({ accepted: 3, delivered: 2, 'failed temporary': 1 });
  expect([waiting(world), archive.requests]).toEqual([[], []]);
});

test('a copy that is not taken is sent again, after a crash and a restart too, and only once more', async () => {
  const archive = await openArchive([500, 503, 200]);
  const world = await open();
  await world.send({ 'o:archive-to': archive.url });
  await world.waitForEvents({ accepted: 1, delivered: 1 });
  for (const attempts of [1, 2]) {
    await waitFor(() => waiting(world)[0]?.attempts === attempts, { what: `attempt ${attempts}` });
    expect(archive.requests).toHaveLength(attempts);
    expect(attempts === 1 ? await world.server.stop('SIGKILL') : await world.server.stop()).toBe(attempts === 1 ? 'SIGKILL' : 0);
    // Its ten minutes are over.
    waiting(world, true);
    await world.server.start();
  }
  await waitFor(() => waiting(world).length === 0, { what: 'an empty queue of calls' });
  expect(texts(archive.requests.map(({ body }) => body))).toEqual([0, 1, 2].flatMap(() => receivedBy(world)));
  expect(world.mx.messages).toHaveLength(1);
  await world.waitForEvents({ accepted: 1, delivered: 1 });
});

test('a copy waits for a server that is not there, and mail does not', async () => {
  const archive = await openArchive();
  await archive.close();
  const world = await open();
  await world.send({ 'o:archive-to': archive.url });
  await world.waitForEvents({ accepted: 1, delivered: 1 });
  await waitFor(() => waiting(world)[0]?.attempts === 1, { what: 'the first attempt' });
  await world.send({ to: 'other@dst.test' });
  await world.waitForEvents({ accepted: 2, delivered: 2 });
  expect(await world.server.stop()).toBe(0);
  waiting(world, true);
  const back = await openArchive([200], Number(new URL(archive.url).port));
  await world.server.start();
  await waitFor(() => back.requests.length === 1, { what: 'the copy' });
  expect(back.requests[0]?.body.equals(world.mx.messages[0]?.data ?? Buffer.alloc(0))).toBe(true);
});

test('an address of our own network is not called, unless the operator allows it', async () => {
  const archive = await openArchive();
  const world = await openWorld();
  await expect(world.send({ 'o:archive-to': archive.url })).rejects.toThrow(/o:archive-to/);
  await world.send();
  await world.waitForEvents({ accepted: 1, rejected: 1, delivered: 1 });
  expect([waiting(world), archive.requests]).toEqual([[], []]);
});
