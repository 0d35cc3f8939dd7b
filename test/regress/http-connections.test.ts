/**
 * Connections that say nothing, or not enough, keep out neither HTTP clients nor SMTP's. Reported: 1,300 half-open ones took every
 * descriptor of the process.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { makeConnectionGuard, makeHttpServer } from '#http';
import { openWorld, type World } from '../scenarios/support/world.ts';
import { waitFor } from '../support/wait-for.mjs';

const HALF = 'POST /v3/x/messages HTTP/1.1\r\nHost: x\r\nX: a';

/** Connects, says so much, and stays. */
function hang(port: number, text: string, localAddress = '127.0.0.1'): Socket {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined);
  socket.on('data', () => undefined);
  socket.once('connect', () => socket.write(text));
  onTestFinished(() => void socket.destroy());
  return socket;
}

async function hangMany(port: number, count: number): Promise<void> {
  for (let begun = 0; begun < count; begun += 250) {
    const sockets = Array.from({ length: Math.min(250, count - begun) }, () => hang(port, HALF));
    await waitFor(() => sockets.every(({ connecting }) => !connecting), { timeoutMs: 20_000, what: 'connected, or turned away' });
  }
}

async function greeting(port: number): Promise<string> {
  const socket = hang(port, '');
  const [line] = await once(socket, 'data');
  socket.destroy();
  return String(line);
}

/** ms. Of some, the least is taken: who is kept out waits each time. */
async function healthTakes(world: World): Promise<number> {
  const began = performance.now();
  expect((await fetch(`${world.server.url}/health/live`)).status).toBe(200);
  return performance.now() - began;
}

it.each([
  ['as many files as it likes', undefined, 5000],
  ['1000 files', 1000, 1300],
])('with %s, half-open HTTP connections of one address keep out neither SMTP nor /health', async (_, files, count) => {
  const world = await openWorld();
  const { pid, http, smtp } = world.server.addresses;
  if (files !== undefined) execFileSync('prlimit', ['--pid', String(pid), `--nofile=${files}:${files}`]);
  await hangMany(http[0] ?? 0, count);
  expect(await greeting(smtp[0] ?? 0)).toMatch(/^220 /);
  expect(Math.min(await healthTakes(world), await healthTakes(world), await healthTakes(world))).toBeLessThan(1000);
  await world.send({ to: 'a@dst.test' });
  await world.waitForEvents({ accepted: 1, delivered: 1 });
});

/** A guarded server to which 127.0.0.1 is this machine, and 127.0.0.N the stranger 192.0.2.N. */
async function startGuarded(limits: { connections: number; connectionsPerClient: number }, listener: RequestListener, exchangeMs?: number) {
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  const fates: string[] = [];
  const guard = makeConnectionGuard({
    ...{ limits, clock, observe: (fate) => void fates.push(fate) },
    ...(exchangeMs === undefined ? {} : { exchangeMs }),
  });
  const server: Server = makeHttpServer(listener, guard);
  const front = createServer((socket) => {
    const from = (socket.remoteAddress ?? '').replace(/^127\.0\.0\.(?!1$)/, '192.0.2.');
    Object.defineProperty(socket, 'remoteAddress', { value: from });
    server.emit('connection', socket);
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    front.close();
  });
  const { port } = front.address() as AddressInfo;
  const from = async (number: number, text: string) => {
    const seen = fates.length;
    const socket = hang(port, text, `127.0.0.${number}`);
    await waitFor(() => fates.length > seen, { what: 'a decision' });
    return socket;
  };
  const ask = async (number: number) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${number}` });
    socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString().split('\r\n')[0];
  };
  return { guard, fates, from, ask };
}

const isGone = (socket: Socket) => waitFor(() => socket.closed, { what: 'a connection that was cut' });

it('the quietest connection of an address makes room for its next one, and those of others stay', async () => {
  const { from, ask, fates } = await startGuarded({ connections: 100, connectionsPerClient: 2 }, (_request, response) =>
    response.end('hi'),
  );
  const other = await from(3, HALF);
  const [first, second] = [await from(2, HALF), await from(2, '')];
  expect(await ask(2)).toBe('HTTP/1.1 200 OK');
  await isGone(first);
  expect([second.closed, other.closed]).toEqual([false, false]);
  expect(fates).toEqual(['session', 'session', 'session', 'evicted', 'session']);
});

it('what is in the middle of a request is not cut: the next one is told', async () => {
  const { from, ask } = await startGuarded({ connections: 100, connectionsPerClient: 2 }, () => undefined);
  const held = [await from(2, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'), await from(2, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n')];
  await expect.poll(() => ask(2)).toBe('HTTP/1.1 429 Too Many Requests');
  expect(held.map(({ closed }) => closed)).toEqual([false, false]);
});

it('strangers who hold every place keep out nobody on this machine, and drive out none of its connections', async () => {
  let answers = 0;
  const { from, ask } = await startGuarded({ connections: 20, connectionsPerClient: 100 }, (request, response) => {
    if (request.url === '/slow') return;
    answers++;
    response.end('hi');
  });
  const own = await from(1, HALF);
  const slow = 'GET /slow HTTP/1.1\r\nhost: x\r\n\r\n';
  for (let index = 0; index < 17; index++) await from(index + 2, slow);
  await expect.poll(() => ask(99)).toBe('HTTP/1.1 503 Service Unavailable');
  expect(await ask(1)).toBe('HTTP/1.1 200 OK');
  expect(own.closed).toBe(false);
  expect(answers).toBe(1);
});

it('an answer that nobody takes holds its place for a while, not for ever', async () => {
  const { from } = await startGuarded({ connections: 10, connectionsPerClient: 10 }, () => undefined, 200);
  await isGone(await from(2, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'));
});

it('a connection that is kept alive is quiet again after its answer', async () => {
  const { from, fates } = await startGuarded({ connections: 10, connectionsPerClient: 1 }, (_request, response) => response.end('hi'));
  const kept = await from(2, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await waitFor(() => kept.bytesRead > 0, { what: 'the answer' });
  await from(2, HALF);
  await isGone(kept);
  expect(fates).toEqual(['session', 'evicted', 'session']);
});
