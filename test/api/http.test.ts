/** Paths, authentication, rate limits and the log: what holds around every handler. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { basic, type Harness, KEYS, multipart, startApi } from './support/harness.js';

let api: Harness;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

const LEAST = { from: 'shop@example.com', to: 'alice@example.org', text: 'Hello' };

describe('paths', () => {
  it.each(['/v3/domains/', '//v3//domains', '/v3/domains//?limit=1', '/v3/domains?x=//'])('forgives %s', async (path) => {
    expect((await api.call('GET', path)).status).toBe(200);
  });

  it('forgives //messages', async () => {
    expect((await api.call('POST', '/v3/example.com//messages/', { form: LEAST })).status).toBe(200);
  });

  it.each(['/v3/nowhere', '/', '/v9/domains', '/v3', '/V3/domains', '/v3/domains/example.com/unknown', '/etc/passwd'])(
    '%s',
    async (path) => {
      for (const key of [KEYS.admin, null]) {
        const answer = await api.call('GET', path, { key });
        expect([answer.status, answer.text]).toEqual(path === '/' ? [200, 'Mailgun Magnificent API'] : [404, '404 page not found']);
        expect(answer.headers['content-type']).toMatch(/^text\/plain/);
      }
    },
  );

  it.each(['/v3/domains/%ff', '/v3/domains/%', '/v3/domains/%zz', '/v3/%c3%28/messages'])(
    'answers 400 for the broken escape in %s',
    async (path) => {
      const answer = await api.call(path.endsWith('messages') ? 'POST' : 'GET', path);
      expect(answer).toMatchObject({ status: 400, json: { message: 'The path holds a malformed percent escape' } });
      expect(answer.text).not.toMatch(/at |node_modules/);
    },
  );

  it.each(['..%2f..%2fetc%2fpasswd', '%2e%2e', '%00', 'a%0d%0ab', "'%20OR%201=1", '%25', 'x'.repeat(5000)])(
    'looks %s up like any name',
    async (name) => {
      const answer = await api.call('GET', `/v3/domains/${name}`);
      expect(answer.status).toBe(404);
      expect(answer.json.message).toMatch(/^Domain not found: /);
    },
  );

  it('keeps a plus in a path', async () => {
    await api.call('POST', '/v3/example.com/credentials', { form: { login: 'a+b', password: 'password1' } });
    expect((await api.call('DELETE', '/v3/example.com/credentials/a+b')).json.spec).toBe('a+b@example.com');
  });

  it('answers HEAD like GET, without a body', async () => {
    const answer = await api.call('HEAD', '/v3/domains');
    expect([answer.status, answer.text]).toEqual([200, '']);
  });

  it('reads bodies on GET, and the longer address form', async () => {
    expect((await api.call('GET', '/v3/domains', multipart([{ name: 'limit', value: '1' }]))).json.items).toHaveLength(1);
    expect((await api.call('GET', `http://127.0.0.1:${api.port}/v3/domains`)).status).toBe(200);
  });
});

describe('authentication', () => {
  it('goes by the password alone', async () => {
    for (const user of ['api', 'anything', ''])
      expect((await api.call('GET', '/v3/domains', { key: null, headers: { authorization: basic(KEYS.admin, user) } })).status).toBe(200);
    for (const authorization of [
      'Bearer x',
      'Basic',
      'Basic ???',
      `Basic ${Buffer.from(KEYS.admin).toString('base64')}`,
      `Basic ${'A'.repeat(10_000)}`,
    ]) {
      expect((await api.call('GET', '/v3/domains', { key: null, headers: { authorization } })).status).toBe(401);
    }
  });

  it('slows guessing down, per address, and forgives a client with one stale key', async () => {
    const from = (address: string) => ({ 'x-forwarded-for': `10.0.0.1, ${address}` });
    for (let round = 0; round < 50; round++)
      expect((await api.call('GET', '/v3/domains', { key: 'stale', headers: from('192.0.2.1') })).status).toBe(401);
    expect((await api.call('GET', '/v3/domains', { headers: from('192.0.2.1') })).status).toBe(200);
    for (let round = 0; round < 20; round++)
      expect((await api.call('GET', '/v3/domains', { key: `guess-${round}`, headers: from('192.0.2.2') })).status).toBe(401);
    const blocked = await api.call('GET', '/v3/domains', { key: 'one more guess', headers: from('192.0.2.2') });
    expect(blocked.status).toBe(429);
    expect(Number(blocked.headers['retry-after'])).toBeGreaterThan(500);
    // Who has a key is not locked out by who guesses behind the same address.
    expect((await api.call('GET', '/v3/domains', { headers: from('192.0.2.2') })).status).toBe(200);
  });

  it('does not act as the account when a subaccount is meant', async () => {
    const answer = await api.call('DELETE', '/v3/domains/example.com', { headers: { 'x-mailgun-on-behalf-of': 'sub' } });
    expect(answer).toMatchObject({ status: 400, json: { message: "'X-Mailgun-On-Behalf-Of' is not supported by this version" } });
    expect((await api.call('GET', '/v3/domains/example.com')).status).toBe(200);
  });

  it('judges the key before it reads the body', async () => {
    const answer = await api.call('POST', '/v3/example.com/messages', {
      key: 'wrong',
      body: 'x'.repeat(500_000),
      headers: { 'content-type': 'multipart/form-data' },
    });
    expect([answer.status, answer.text]).toEqual([401, 'Forbidden']);
  });
});

describe('rate limit', () => {
  it('says what is left, then 429, per account and minute', async () => {
    await api.stop();
    let now = Date.UTC(2026, 2, 4, 10, 15, 30);
    api = await startApi({ limits: { requestsPerMinute: 2 }, clock: { now: () => now, monotonic: () => now } });
    const first = await api.call('GET', '/v3/domains');
    expect(first.headers).toMatchObject({
      'x-ratelimit-limit': '2',
      'x-ratelimit-remaining': '1',
      'x-ratelimit-reset': String(Date.UTC(2026, 2, 4, 10, 16)),
    });
    expect((await api.call('GET', '/v3/domains')).headers['x-ratelimit-remaining']).toBe('0');
    const over = await api.call('GET', '/v3/domains');
    expect(over.status).toBe(429);
    expect(over.json).toEqual({ message: 'account request limit exceeded, try again after 30 seconds', 'retry-seconds': 30 });
    expect(over.headers).toMatchObject({
      'retry-after': '30',
      'x-ratelimit-reset': String(Date.UTC(2026, 2, 4, 10, 16) / 1000),
      'x-ratelimit-remaining': '0',
    });
    expect((await api.call('GET', '/v3/domains', { key: KEYS.other })).status).toBe(200);
    now += 30_000;
    expect((await api.call('GET', '/v3/domains')).status).toBe(200);
  });

  it('is silent where there is none', async () => {
    expect((await api.call('GET', '/v3/domains')).headers).not.toHaveProperty('x-ratelimit-limit');
  });
});

it('logs one line per request, without keys, bodies or queries', async () => {
  await api.call('POST', '/v3/example.com/messages?x=hidden-query', { form: { ...LEAST, text: 'hidden-body' } });
  await api.call('GET', '/v3/domains', { key: 'hidden-key' });
  await api.call('GET', '/nowhere/hidden-path');
  api.intake.failure = new TypeError('boom');
  await api.call('POST', '/v3/example.com/messages', { form: LEAST });
  expect(api.logs).toHaveLength(4);
  expect(api.logs[0]).toMatchObject({
    method: 'POST',
    route: '/v3/:domain/messages',
    status: 200,
    account: 1,
    key: expect.any(String),
    client: '127.0.0.1',
  });
  expect(api.logs[1]).toMatchObject({ route: '/v3/domains', status: 401 });
  expect(api.logs[2]).toMatchObject({ status: 404 });
  expect(api.logs[3]).toMatchObject({ level: 50, status: 500, err: { type: 'TypeError', message: 'boom' } });
  const text = JSON.stringify(api.logs);
  for (const secret of ['hidden', ...Object.values(KEYS)]) expect(text).not.toContain(secret);
});
