/** Parts side by side: who answers a request, and what is answered where nobody does. */
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addReadOnlyPage, ErrorAnswer, type HttpPart, makeOpenPages, makeRequestListener, type Obstacle } from '#http';

let server: Server;
let logs: Record<string, unknown>[];
let obstacles: Obstacle[];
let isOperator: boolean;

/** Takes what begins with its name, and has a page of its own. */
const part = (name: string): HttpPart => ({
  take(_request, response, path) {
    if (!path.startsWith(`/${name}/`)) return false;
    response.end(`${name} took ${path}`);
    return true;
  },
  addPages: (router) =>
    addReadOnlyPage(router, `/page-of-${name}/:id`, (request, response) => void response.end(`page ${request.params.id}`)),
});

beforeEach(async () => {
  logs = [];
  obstacles = [];
  isOperator = false;
  const logger = pino({}, { write: (line: string) => void logs.push(JSON.parse(line)) });
  const openPages = makeOpenPages({
    readiness: { obstacles: async () => obstacles },
    metrics: async () => 'up 1\n',
    requireOperator: async () => {
      if (!isOperator) throw new ErrorAnswer(403, { message: 'Forbidden' });
    },
  });
  const broken: HttpPart = {
    addPages: (router) =>
      router.get('/broken', () => {
        throw new Error('a secret');
      }),
  };
  server = createServer(makeRequestListener({ parts: [part('one'), openPages, part('two'), broken], logger }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

function ask(path: string, method = 'GET', headers: Record<string, string> = {}) {
  const { port } = server.address() as AddressInfo;
  return new Promise<{ status: number; text: string; headers: IncomingHttpHeaders }>((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, agent: false, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
    });
    request.on('error', reject).end();
  });
}

describe('a request', () => {
  it.each([
    ['/one/a?b=//c', 'one took /one/a'],
    ['//two///a', 'two took /two/a'],
    ['http://elsewhere.example/one/b', 'one took /one/b'],
    ['/page-of-one/7', 'page 7'],
    ['/page-of-two/x%20y?z', 'page x y'],
  ])('for %s goes to its part', async (path, text) => {
    const answer = await ask(path);
    expect([answer.status, answer.text]).toEqual([200, text]);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(answer.headers).not.toHaveProperty('x-powered-by');
  });

  it.each([
    ['GET', '/nobody', 404, '404 page not found'],
    ['GET', '/Page-of-one/7', 404, '404 page not found'],
    ['POST', '/page-of-one/7', 405, '{"message":"Method not allowed"}'],
    ['GET', '/page-of-one/%ff', 400, '{"message":"The path holds a malformed percent escape"}'],
    ['GET', '/broken', 500, '{"message":"Internal server error"}'],
  ])('%s %s is answered %i', async (method, path, status, text) => {
    const answer = await ask(path, method);
    expect([answer.status, answer.text]).toEqual([status, text]);
    if (status === 405) expect(answer.headers.allow).toBe('GET, HEAD');
    expect(logs).toHaveLength(1);
    expect(logs[0]).toMatchObject({ method, status, client: '127.0.0.1' });
  });
});

describe('open pages', () => {
  it('tell whether, and what stands in the way', async () => {
    expect((await ask('/health/live')).text).toBe('{"status":"live"}');
    expect((await ask('/health/ready')).text).toBe('{"status":"ready"}');
    obstacles = ['store', 'no room'];
    const answer = await ask('/health/ready');
    expect([answer.status, answer.text]).toEqual([503, '{"status":"not ready","reasons":["store","no room"]}']);
    expect(logs).toEqual([]);
  });

  it('show metrics to this machine, and to others only when they are the operator', async () => {
    const elsewhere = { 'x-forwarded-for': '192.0.2.1' };
    expect((await ask('/metrics')).text).toBe('up 1\n');
    expect((await ask('/metrics', 'GET', elsewhere)).status).toBe(403);
    expect((await ask('/metrics', 'GET', { host: 'rebound.example' })).status).toBe(403);
    isOperator = true;
    expect((await ask('/metrics', 'GET', elsewhere)).text).toBe('up 1\n');
  });
});
