import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiRefusal, makeApiClient, ServerAway } from '#cli/ask/api-client.js';
import { type Answer, fakeServer, type Seen } from './support/run-cli.ts';

let close = async () => {};
afterEach(() => close());

async function client(answer: (seen: Seen) => Answer, timeoutMs?: number) {
  const server = await fakeServer(answer);
  close = server.close;
  return { api: makeApiClient({ url: server.url, key: 'secret-key', timeoutMs }), server };
}

describe('makeApiClient', () => {
  it('authenticates as api with the key and sends fields as a form', async () => {
    const { api, server } = await client(() => ({ body: { message: 'ok' } }));
    await api.post('/v1/things', { name: 'a b', tags: ['x', 'y'], missing: undefined, on: true });
    const [seen] = server.requests;
    expect(seen?.key).toBe('secret-key');
    expect([...(seen?.form ?? [])]).toEqual([
      ['name', 'a b'],
      ['tags', 'x'],
      ['tags', 'y'],
      ['on', 'true'],
    ]);
  });

  it.each([
    [404, { message: 'Domain not found: example.com' }, 'Domain not found: example.com'],
    [400, { message: 'evil \u001b[31mred' }, 'evil  [31mred'],
    [500, '', 'The server answered with status 500'],
    [502, 'bad gateway', 'bad gateway'],
    [401, 'Forbidden', 'does not accept this key (Forbidden)'],
  ])('turns a %i answer into its text', async (status, body, text) => {
    const { api } = await client(() => ({ status, body }));
    const error: unknown = await api.get('/x').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiRefusal);
    expect((error as ApiRefusal).message).toContain(text);
    expect((error as ApiRefusal).message).not.toContain('secret-key');
    expect((error as ApiRefusal).message).not.toContain('\u001b');
  });

  it('notices that something else answers', async () => {
    const { api } = await client(() => ({ body: '<html>It works!</html>' }));
    await expect(api.get('/x')).rejects.toThrow('is not a Mailwagon server');
  });

  it('says how to start a server that is not running', async () => {
    const server = await fakeServer(() => ({ body: {} }));
    await server.close();
    const error: unknown = await makeApiClient({ url: server.url, key: 'k' })
      .get('/x')
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ServerAway);
    expect((error as Error).message).toContain(`No Mailwagon server answers at ${server.url} (nothing listens there)`);
    expect((error as Error).message).toContain('mailwagon serve');
  });

  it('gives up on a server that accepts and says nothing', async () => {
    const silent = createServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const sockets: { destroy(): void }[] = [];
    silent.on('connection', (socket) => sockets.push(socket));
    close = async () => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    };
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await expect(makeApiClient({ url, key: 'k', timeoutMs: 50 }).get('/x')).rejects.toThrow('no answer in time');
  });

  it('follows paging URLs on the server it speaks to, whatever host they name', async () => {
    const { api, server } = await client(() => ({ body: { items: [] } }));
    await api.getPage('https://public.example.com/v3/example.com/events/TOKEN?limit=3');
    expect(server.requests[0]?.path).toBe('/v3/example.com/events/TOKEN');
    expect(server.requests[0]?.query.get('limit')).toBe('3');
  });

  it('reads a long list page by page', async () => {
    const all = Array.from({ length: 250 }, (_, index) => ({ index }));
    const { api, server } = await client(({ query }) => {
      const skip = Number(query.get('skip'));
      return { body: { total_count: all.length, items: all.slice(skip, skip + Number(query.get('limit'))) } };
    });
    expect(await api.listAll('/v4/domains')).toEqual(all);
    expect(server.requests).toHaveLength(3);
  });

  it('ends a long list that shrinks meanwhile', async () => {
    const { api } = await client(({ query }) => ({ body: { total_count: 5, items: query.get('skip') === '0' ? [{ a: 1 }] : [] } }));
    expect(await api.listAll('/v4/domains')).toEqual([{ a: 1 }]);
  });
});
