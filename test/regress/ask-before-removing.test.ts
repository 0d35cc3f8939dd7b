/** `domain remove` took a domain with its keys away without a question; nor did its like ask. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeServer, runCli } from '../unit/cli/support/run-cli.ts';

let server: Awaited<ReturnType<typeof fakeServer>>;
beforeEach(async () => {
  server = await fakeServer(() => ({ body: { message: 'done', spec: 'alice@example.com', count: 3 } }));
});
afterEach(() => server.close());

describe.each([
  [['domain', 'remove', 'example.com'], 'example.com is deleted with its DKIM keys'],
  [['key', 'remove', '1fa50b68-5111194c'], 'The key 1fa50b68-5111194c stops working at once'],
  [['credential', 'remove', 'alice@example.com'], 'The login alice@example.com stops working at once'],
  [['queue', 'cancel', '--all'], 'All open deliveries of the account end without being sent'],
  [['queue', 'cancel', '--all', '--account', 'all'], 'All open deliveries of every account end without being sent'],
])('%j', (argv, question) => {
  it('asks on a terminal, and only yes is yes', async () => {
    for (const answer of ['', 'n', 'no', 'yesterday']) {
      const { code, err } = await runCli([...argv, ...server.server], { answer });
      expect(code).toBe(1);
      expect(err).toContain(question);
      expect(err).toContain('Nothing was changed.');
    }
    expect(server.requests).toEqual([]);
    for (const answer of ['y', ' YES ']) expect((await runCli([...argv, ...server.server], { answer })).code).toBe(0);
    expect(server.requests).toHaveLength(2);
  });

  it('exits 2 where nobody can be asked, unless --yes says that it is meant', async () => {
    const { code, out, err } = await runCli([...argv, ...server.server]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('There is no terminal to ask on: add --yes if that is meant');
    expect(server.requests).toEqual([]);
    expect((await runCli([...argv, '--yes', ...server.server])).code).toBe(0);
    expect((await runCli([...argv, '-y', ...server.server])).code).toBe(0);
    expect(server.requests).toHaveLength(2);
  });
});

it('asks nothing of what is named one by one, or comes to no harm', async () => {
  for (const argv of [
    ['queue', 'cancel', '5'],
    ['queue', 'cancel', '--message', 'x@example.com'],
    ['queue', 'retry', '--all'],
  ])
    expect(await runCli([...argv, ...server.server])).toMatchObject({ code: 0, err: '' });
});
