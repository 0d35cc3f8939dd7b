import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Dns, makeHttpClient } from '#net';
import { type CallQueue, makeCallQueue } from '#webhooks';
import { openTestStores, type TestStores } from '../../store/support/store.ts';
import { waitFor } from '../../support/wait-for.mjs';

const MINUTE = 60_000;
const dns: Dns = { resolve: async () => ({ kind: 'nxdomain' }) } as unknown as Dns;

interface Seen {
  path: string;
  type: string;
  body: string;
}

let stores: TestStores;
let queue: CallQueue | undefined;
let now = 1_700_000_000_000;
const servers: Server[] = [];

beforeEach(async () => {
  stores = await openTestStores();
});
afterEach(async () => {
  await queue?.stop();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await stores.cleanup();
});

function makeQueue(allowPrivate = true): CallQueue {
  return makeCallQueue({
    store: stores.events,
    http: makeHttpClient({ dns, allowPrivate, ipv6: false }),
    clock: { now: () => now, monotonic: () => performance.now() },
    logger: pino({ level: 'silent' }),
  });
}

/** A server that answers with what `answer` gives; undefined: never. */
async function serve(answer: (seen: Seen) => number | undefined) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const one = { path: request.url ?? '', type: request.headers['content-type'] ?? '', body: (await buffer(request)).toString() };
    seen.push(one);
    const status = answer(one);
    if (status !== undefined) response.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

const call = (id: string, url: string, body = 'bytes') => ({
  id,
  account: 1,
  url,
  contentType: 'application/mime',
  body: Buffer.from(body),
});
const waiting = async (url: string) => (await stores.events.firstCalls(new URL(url).origin, 100)).map(({ id }) => id);

describe('a call', () => {
  it('reaches its URL once, with its bytes, however often it is put', async () => {
    queue = makeQueue();
    const { url, seen } = await serve(() => 200);
    await queue.put(call('a', `${url}/in?x=1`));
    await queue.put(call('a', `${url}/in?x=1`));
    await waitFor(async () => (await waiting(url)).length === 0 && queue?.stats().origins === 0);
    expect(seen).toEqual([{ path: '/in?x=1', type: 'application/mime', body: 'bytes' }]);
    expect(queue.stats()).toMatchObject({ taken: 1, retried: 0, origins: 0 });
  });

  it('is asked again when it is due, and not before', async () => {
    queue = makeQueue();
    let status = 500;
    const { url, seen } = await serve(() => status);
    await queue.put(call('a', url));
    await waitFor(() => queue?.stats().retried === 1);
    status = 200;
    now += 9 * MINUTE;
    await queue.put(call('b', url));
    await waitFor(async () => (await waiting(url)).join() === 'a');
    now += 2 * MINUTE;
    await queue.put(call('c', url));
    await waitFor(async () => (await waiting(url)).length === 0);
    expect(seen).toHaveLength(4);
  });

  it('is dropped by 406 and after the last retry', async () => {
    queue = makeQueue();
    const { url, seen } = await serve(({ path }) => (path === '/no' ? 406 : 500));
    await queue.put(call('no', `${url}/no`));
    await waitFor(() => queue?.stats().unwanted === 1);
    for (let attempt = 1; attempt <= 8; attempt++) {
      await queue.put(call('never', url));
      await queue.put(call(`tick ${attempt}`, `${url}/no`));
      await waitFor(() => seen.filter(({ path }) => path === '/').length === attempt);
      await waitFor(() => (queue?.stats().retried ?? 0) + (queue?.stats().givenUp ?? 0) === attempt);
      now += 5 * 60 * MINUTE;
    }
    expect(queue.stats()).toMatchObject({ taken: 0, retried: 7, givenUp: 1 });
    await waitFor(async () => (await waiting(url)).length === 0);
  });

  it('survives a restart', async () => {
    queue = makeQueue();
    const silent = await serve(() => undefined);
    await queue.put(call('a', silent.url));
    await waitFor(() => silent.seen.length === 1);
    await queue.stop();
    await stores.reopen();
    expect(await waiting(silent.url)).toEqual(['a']);
    queue = makeQueue();
    await queue.start();
    await waitFor(() => silent.seen.length === 2);
    expect(silent.seen[1]?.body).toBe('bytes');
  });
});

it('a server that does not answer delays nobody else', async () => {
  queue = makeQueue();
  const silent = await serve(() => undefined);
  const quick = await serve(() => 200);
  for (let index = 0; index < 50; index++) await queue.put(call(`s${index}`, silent.url));
  await queue.put(call('q', quick.url));
  await waitFor(() => quick.seen.length === 1);
  expect(silent.seen.length).toBeLessThanOrEqual(4);
});

it('private addresses are not called unless that is allowed', async () => {
  queue = makeQueue(false);
  const { url, seen } = await serve(() => 200);
  await queue.put(call('a', url));
  await waitFor(() => queue?.stats().retried === 1);
  expect(seen).toEqual([]);
});

it.each(['', 'ftp://example.com/', 'http://user:secret@example.com/', 'nonsense'])('%j is refused', async (url) => {
  queue = makeQueue();
  await expect(queue.put(call('a', url))).rejects.toMatchObject({ httpStatus: 400 });
});

it('calls older than their retention are swept', async () => {
  const row = {
    ...call('old', 'https://x.example/'),
    origin: 'https://x.example',
    attempts: 1,
    due: now,
    createdAt: now - 3 * 24 * 60 * MINUTE,
  };
  await stores.events.putCall(row);
  await stores.events.putCall({ ...row, id: 'new', createdAt: now });
  expect(await stores.events.callOrigins()).toEqual([{ origin: 'https://x.example', due: now }]);
  while (await stores.events.sweep(now));
  expect(await waiting('https://x.example/')).toEqual(['new']);
});
