import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, fakeServer, NOW, runCli, type Seen } from './support/run-cli.ts';

let server: Awaited<ReturnType<typeof fakeServer>>;
let answer: (seen: Seen) => Answer;

beforeEach(async () => {
  server = await fakeServer((seen) => answer(seen));
});
afterEach(() => server.close());

const event = (id: string, more: object = {}) => ({ event: 'accepted', id, timestamp: NOW / 1000, recipient: 'b@example.org', ...more });
const page = (items: object[], next: string) => ({
  body: { items, paging: { next: `https://public.example.com/mailwagon/v1/events/${next}` } },
});

/** Pages 0, 1, …; beyond them the last URL stays and is empty until something is added. */
function pages(...all: object[][]): typeof all {
  answer = ({ path }) => {
    const number = Number(/events\/(\d+)$/.exec(path)?.[1] ?? 0);
    const items = all[number] ?? [];
    return page(items, String(items.length > 0 ? number + 1 : number));
  };
  return all;
}

describe('events tail', () => {
  it('asks from --since on, oldest first, for any of the events', async () => {
    pages([event('1')]);
    const { code } = await runCli([
      'events',
      'tail',
      '--no-follow',
      '--since',
      '1h',
      '--event',
      'failed',
      '--event',
      'delivered',
      ...server.server,
    ]);
    expect(code).toBe(0);
    expect(Object.fromEntries(server.requests[0]?.query ?? [])).toEqual({
      begin: String(NOW / 1000 - 3600),
      ascending: 'yes',
      limit: '300',
      event: 'failed OR delivered',
    });
  });

  it('reads one domain through its own log', async () => {
    pages([]);
    await runCli(['events', 'tail', '--no-follow', '--domain', 'example.com', ...server.server]);
    expect(server.requests[0]?.path).toBe('/v3/example.com/events');
  });

  it('reads another account’s, and says whose each is when all are asked for', async () => {
    pages([event('1', { account: { id: 'whose' } })]);
    const { out } = await runCli(['events', 'tail', '--no-follow', '--account', 'all', '--domain', 'example.com', ...server.server]);
    expect(server.requests[0]).toMatchObject({ path: '/mailwagon/v1/events' });
    expect(server.requests[0]?.query.get('account')).toBe('all');
    expect(server.requests[0]?.query.get('domain')).toBe('example.com');
    expect(out).toMatch(/accepted +whose +b@example\.org/);
  });

  it('prints every page and stops at the end with --no-follow', async () => {
    pages([event('1'), event('2')], [event('3')]);
    const { out } = await runCli(['events', 'tail', '--no-follow', '--json', ...server.server]);
    expect(out.split('\n').map((line) => JSON.parse(line).id)).toEqual(['1', '2', '3']);
  });

  it('follows: an empty page is asked again until it has events; Ctrl-C ends with 0', async () => {
    const all = pages([event('1')]);
    const controller = new AbortController();
    const lines: string[] = [];
    const onOut = (line: string) => {
      lines.push(line);
      if (lines.length === 1) all.push([event('2')]);
      else controller.abort();
    };
    const { code, err } = await runCli(['events', 'tail', '--json', ...server.server], { onOut, interrupted: controller.signal });
    expect(code).toBe(0);
    expect(err).toBe('');
    expect(lines.map((line) => JSON.parse(line).id)).toEqual(['1', '2']);
  });

  it('ends with 1 when the key is not accepted', async () => {
    answer = () => ({ status: 401, body: 'Forbidden' });
    expect((await runCli(['events', 'tail', ...server.server])).code).toBe(1);
  });

  it.each([
    [
      event('1', { envelope: { sender: 'a@example.com' }, message: { headers: { subject: 'Hi' } } }),
      'accepted   a@example.com → b@example.org  Hi',
    ],
    [
      event('2', { event: 'delivered', 'delivery-status': { code: 250, message: '250 2.0.0 OK', 'mx-host': 'mx.example.org' } }),
      'delivered  b@example.org  250 2.0.0 OK (mx.example.org)',
    ],
    [
      event('3', { event: 'failed', severity: 'temporary', 'delivery-status': { code: 451, message: '4.7.1 Later\u001b[2J' } }),
      'deferred   b@example.org  451 4.7.1 Later [2J',
    ],
    [
      event('4', { event: 'failed', severity: 'permanent', reason: 'bounce', envelope: { sender: '' } }),
      'failed     <> → b@example.org  bounce',
    ],
  ])('shows an event as one line', async (item, line) => {
    pages([item]);
    const { out } = await runCli(['events', 'tail', '--no-follow', ...server.server]);
    expect(out).toBe(`2026-03-04 10:15:30Z  ${line}`);
  });
});
