/** A server that stops finishes its answers and lets go of clients that would stay. */
import { Agent, createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stopHttpServer } from '#http';

let server: Server;
/** Ends the answers that wait. */
let release: () => void;
let agent: Agent;

beforeEach(async () => {
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  server = createServer(async (request, response) => {
    if (request.url === '/slow') await held;
    response.end('done');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  agent = new Agent({ keepAlive: true, maxSockets: 1 });
});

afterEach(() => {
  release();
  agent.destroy();
  server.closeAllConnections();
});

function ask(path: string): Promise<{ status: number | undefined; connection: string | undefined }> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path, agent }, (response: IncomingMessage) => {
      response.resume().on('end', () => resolve({ status: response.statusCode, connection: response.headers.connection }));
    }).on('error', reject);
  });
}

it('closes an idle connection at once', async () => {
  await ask('/');
  await stopHttpServer(server, 60_000);
  expect(server.listening).toBe(false);
});

it('finishes an answer, however busy the client keeps its connection', async () => {
  const first = ask('/slow');
  const second = ask('/').catch((error: Error) => error);
  const third = ask('/').catch((error: Error) => error);
  await new Promise((resolve) => server.once('request', resolve));
  const stopped = stopHttpServer(server, 60_000);
  release();
  expect(await first).toMatchObject({ status: 200 });
  // Of those that were waiting for the connection at most one more is answered, and told to go.
  await Promise.all([second, third, stopped]);
  expect(server.listening).toBe(false);
});

it('cuts what is not done when the grace is over', async () => {
  const cut = expect(ask('/slow')).rejects.toThrow('socket hang up');
  await new Promise((resolve) => server.once('request', resolve));
  await stopHttpServer(server, 50);
  await cut;
});

it('is content with a server that never listened', async () => {
  await stopHttpServer(createServer(), 1000);
});
