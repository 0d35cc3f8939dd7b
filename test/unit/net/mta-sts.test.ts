import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DAY, MINUTE, SECOND, systemClock } from '#core';
import {
  type Dns,
  type DnsAnswer,
  type HttpClient,
  type HttpRequest,
  type HttpResult,
  type MtaStsOptions,
  makeDnsClient,
  makeHttpClient,
  makeMtaSts,
  makeSelfSignedCertificate,
  type StoredStsPolicy,
} from '#net';
import { startFakeDns } from '../../support/fake-dns.mjs';

const WEEK_SECONDS = 604_800;
const policy = (mode: string, { maxAge = WEEK_SECONDS, mx = 'mx.dst.test' } = {}) =>
  `version: STSv1\nmode: ${mode}\nmx: ${mx}\nmax_age: ${maxAge}\n`;
const answer = (body: string | Buffer, { status = 200, type = 'text/plain', truncated = false } = {}): HttpResult => ({
  kind: 'response',
  status,
  headers: { 'content-type': type },
  body: Buffer.from(body),
  truncated,
  url: '',
});
const timeout: HttpResult = { kind: 'failed', reason: 'timeout', text: 'too slow' };

/** One domain whose record and policy can be changed, and a clock that is moved by hand. */
function makeWorld(options: Partial<MtaStsOptions> = {}) {
  const world = {
    txt: ['v=STSv1; id=1'] as string[] | DnsAnswer<'TXT'>['kind'],
    file: answer(policy('enforce')) as HttpResult | Promise<HttpResult>,
    requests: [] as HttpRequest[],
    now: Date.UTC(2026, 0, 1),
    /** Names asked for. */
    asked: [] as string[],
  };
  const dns: Dns = {
    async query(name) {
      world.asked.push(name);
      const { txt } = world;
      if (txt === 'failed') return { kind: 'failed', reason: 'servfail' };
      if (typeof txt === 'string') return { kind: 'nxdomain', ttl: 60, authenticated: false };
      // The only question here is for TXT.
      return { kind: 'records', records: txt as never, ttl: 60, authenticated: false };
    },
  };
  const http: Pick<HttpClient, 'request'> = {
    async request(request) {
      world.requests.push(request);
      return world.file;
    },
  };
  const logger = { info: vi.fn(), warn: vi.fn() };
  const clock = { now: () => world.now, monotonic: () => world.now };
  const sts = makeMtaSts({ dns, http, clock, logger, ...options });
  return { world, sts, logger, policyFor: (domain = 'dst.test') => sts.policyFor(domain), pass: (ms: number) => (world.now += ms) };
}

describe('a domain with a policy', () => {
  it('has it fetched once, from its own host', async () => {
    const { world, policyFor } = makeWorld();
    expect(await policyFor()).toEqual({ mode: 'enforce', mx: ['mx.dst.test'], id: '1', expiresAt: world.now + WEEK_SECONDS * SECOND });
    await policyFor();
    expect(world.asked[0]).toBe('_mta-sts.dst.test');
    expect(world.requests).toMatchObject([
      { url: 'https://mta-sts.dst.test/.well-known/mta-sts.txt', timeoutMs: MINUTE, maxBytes: 65_536 },
    ]);
    expect(world.requests[0]?.maxRedirects ?? 0).toBe(0);
  });

  it.each(['testing', 'none'])('of mode %s has that', async (mode) => {
    const { world, policyFor } = makeWorld();
    world.file = answer(policy(mode));
    expect(await policyFor()).toMatchObject({ mode });
    await policyFor();
    expect(world.requests).toHaveLength(1);
  });

  it('is asked for once however many wait', async () => {
    const { world, policyFor } = makeWorld();
    let give: (result: HttpResult) => void = () => undefined;
    world.file = new Promise((resolve) => (give = resolve));
    const waiting = Promise.all([policyFor(), policyFor(), policyFor()]);
    await vi.waitFor(() => expect(world.requests).toHaveLength(1));
    give(answer(policy('enforce')));
    expect(new Set((await waiting).map((one) => one?.mode))).toEqual(new Set(['enforce']));
    expect(world.requests).toHaveLength(1);
  });
});

describe('many hosts that say nothing', () => {
  it('keep their turns for a short while only, so that the policy of another domain can be had', async () => {
    const pending: ((result: HttpResult) => void)[] = [];
    const requests: HttpRequest[] = [];
    const http: Pick<HttpClient, 'request'> = {
      request(request) {
        requests.push(request);
        if (request.url.includes('good.test')) return Promise.resolve(answer(policy('enforce')));
        return new Promise((resolve) => pending.push(resolve));
      },
    };
    const { policyFor } = makeWorld({ http });
    const stuck = Array.from({ length: 300 }, (_, index) => policyFor(`d${index}.test`));
    const good = policyFor('good.test');
    await expect.poll(() => requests.length).toBe(256);
    expect(requests.filter(({ timeoutMs }) => timeoutMs === MINUTE)).toHaveLength(64);
    expect(requests.filter(({ timeoutMs }) => timeoutMs === 10 * SECOND)).toHaveLength(192);
    // Those that were given less time are the first to end.
    for (const end of pending.slice(64, 128)) end(timeout);
    expect((await good)?.mode).toBe('enforce');
    while (pending.length > 0) {
      for (const end of pending.splice(0)) end(timeout);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(stuck);
  });
});

describe('a new id', () => {
  it('replaces the policy', async () => {
    const { world, policyFor } = makeWorld();
    await policyFor();
    Object.assign(world, { txt: ['v=STSv1; id=2'], file: answer(policy('none')) });
    expect(await policyFor()).toMatchObject({ mode: 'none', id: '2' });
  });

  it('whose policy cannot be had leaves the old one, and is tried again after five minutes', async () => {
    const { world, policyFor, pass } = makeWorld();
    await policyFor();
    Object.assign(world, { txt: ['v=STSv1; id=2'], file: timeout });
    expect(await policyFor()).toMatchObject({ mode: 'enforce', id: '1' });
    await policyFor();
    expect(world.requests).toHaveLength(2);
    pass(5 * MINUTE);
    world.file = answer(policy('testing'));
    expect(await policyFor()).toMatchObject({ mode: 'testing', id: '2' });
  });
});

describe('a known policy', () => {
  it.each<[string, string[] | 'failed' | 'nxdomain']>([
    ['the record is gone', 'nxdomain'],
    ['DNS fails', 'failed'],
    ['the record is broken', ['v=STSv1; id=']],
    ['there are two records', ['v=STSv1; id=1', 'v=STSv1; id=2']],
  ])('holds while %s, until it expires', async (_what, txt) => {
    const { world, policyFor, pass } = makeWorld();
    await policyFor();
    world.txt = txt;
    pass(WEEK_SECONDS * SECOND - 1);
    expect(await policyFor()).toMatchObject({ mode: 'enforce' });
    pass(1);
    expect(await policyFor()).toBeUndefined();
    expect(world.requests).toHaveLength(1);
  });

  it('is refreshed after a day without anybody waiting, and kept when that fails', async () => {
    const { world, policyFor, pass } = makeWorld();
    await policyFor();
    pass(DAY);
    world.file = new Promise(() => undefined);
    expect(await policyFor()).toMatchObject({ mode: 'enforce' });
    expect(world.requests).toHaveLength(2);

    const other = makeWorld();
    const first = await other.policyFor();
    other.pass(DAY);
    await other.policyFor();
    await vi.waitFor(async () => expect((await other.policyFor())?.expiresAt).toBe((first?.expiresAt ?? 0) + DAY));

    const failing = makeWorld();
    await failing.policyFor();
    failing.pass(DAY);
    failing.world.file = timeout;
    expect(await failing.policyFor()).toMatchObject({ mode: 'enforce' });
    expect(await failing.policyFor()).toMatchObject({ mode: 'enforce' });
    expect(failing.world.requests).toHaveLength(2);
  });

  it('that expired is fetched again under the same id', async () => {
    const { world, policyFor, pass } = makeWorld();
    world.file = answer(policy('enforce', { maxAge: 60 }));
    await policyFor();
    pass(MINUTE);
    expect(await policyFor()).toMatchObject({ expiresAt: world.now + MINUTE });
    expect(world.requests).toHaveLength(2);
  });
});

describe('no policy', () => {
  it.each(['failed', 'nxdomain'] as const)('is what %s DNS means, without a fetch', async (txt) => {
    const { world, policyFor } = makeWorld();
    world.txt = txt;
    expect(await policyFor()).toBeUndefined();
    expect(world.requests).toHaveLength(0);
  });

  it.each<[string, HttpResult]>([
    ['a timeout', timeout],
    ['a refused address', { kind: 'refused', reason: 'address', text: 'no public address' }],
    ['a redirect', answer(policy('enforce'), { status: 302 })],
    ['another 2xx', answer(policy('enforce'), { status: 203 })],
    ['404', answer('', { status: 404 })],
    ['HTML', answer(policy('enforce'), { type: 'text/html' })],
    ['no media type', answer(policy('enforce'), { type: '' })],
    ['a type that only begins so', answer(policy('enforce'), { type: 'text/plainer' })],
    ['more than 64 kB', answer(policy('enforce'), { truncated: true })],
    ['a broken policy', answer('mode: enforce')],
  ])('is what %s means; it is told in the log and tried again after five minutes', async (_what, file) => {
    const { world, policyFor, pass, logger } = makeWorld();
    world.file = file;
    expect(await policyFor()).toBeUndefined();
    expect(await policyFor()).toBeUndefined();
    expect(world.requests).toHaveLength(1);
    expect(logger.info).toHaveBeenCalledTimes(1);
    pass(5 * MINUTE);
    world.file = answer(policy('enforce'), { type: 'text/plain; charset=utf-8' });
    expect(await policyFor()).toMatchObject({ mode: 'enforce' });
  });
});

describe('memory', () => {
  it('holds so many policies, and forgets those not asked for longest', async () => {
    const { world, policyFor } = makeWorld({ maxPolicies: 2 });
    for (const domain of ['a.test', 'b.test', 'a.test', 'c.test', 'a.test']) await policyFor(domain);
    expect(world.requests).toHaveLength(3);
    await policyFor('b.test');
    expect(world.requests).toHaveLength(4);
  });
});

describe('memory for long policies', () => {
  it('is bounded too', async () => {
    const { world, policyFor } = makeWorld({ maxCharacters: 500 });
    world.file = answer(policy('enforce', { mx: `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.test` }));
    for (const domain of ['a.test', 'b.test', 'b.test', 'c.test', 'b.test', 'c.test']) await policyFor(domain);
    expect(world.requests).toHaveLength(3);
    await policyFor('a.test');
    expect(world.requests).toHaveLength(4);
  });
});

describe('the store', () => {
  const stored = (fields: Partial<StoredStsPolicy> = {}): StoredStsPolicy => ({
    domain: 'dst.test',
    id: '1',
    mode: 'enforce',
    mx: ['*.dst.test'],
    fetchedAt: Date.UTC(2026, 0, 1),
    expiresAt: Date.UTC(2026, 0, 8),
    ...fields,
  });

  it('is read once and gives what was known before the restart', async () => {
    const store = {
      load: vi.fn(async () => [stored(), stored({ domain: 'late.test', expiresAt: 0 })]),
      save: vi.fn(async () => undefined),
    };
    const { world, policyFor } = makeWorld({ store });
    world.txt = 'failed';
    expect(await policyFor()).toEqual({ mode: 'enforce', mx: ['*.dst.test'], id: '1', expiresAt: Date.UTC(2026, 0, 8) });
    expect(await policyFor('late.test')).toBeUndefined();
    expect(store.load).toHaveBeenCalledTimes(1);
    expect(store.save).not.toHaveBeenCalled();
  });

  it('is given each policy that is fetched', async () => {
    const store = { load: async () => [], save: vi.fn(async () => undefined) };
    const { world, policyFor } = makeWorld({ store });
    await policyFor();
    const fetchedAt = world.now;
    expect(store.save).toHaveBeenCalledExactlyOnceWith(
      stored({ mx: ['mx.dst.test'], fetchedAt, expiresAt: fetchedAt + WEEK_SECONDS * SECOND }),
    );
  });

  it('that fails costs a line in the log and nothing else', async () => {
    const fail = async () => {
      throw new Error('disk');
    };
    const { policyFor, logger } = makeWorld({ store: { load: fail, save: fail } });
    expect(await policyFor()).toMatchObject({ mode: 'enforce' });
    expect(logger.warn).toHaveBeenCalledTimes(2);
  });
});

describe('over a real connection', () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  async function start(certified: string, respond: (path: string) => [status: number, headers: Record<string, string>, body: string]) {
    const pair = await makeSelfSignedCertificate({ hostname: certified, notBefore: systemClock.now() - DAY });
    const server = createServer(pair, (request, response) => {
      const [status, headers, body] = respond(request.url ?? '');
      response.writeHead(status, headers).end(body);
    });
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const fake = await startFakeDns({
      '_mta-sts.dst.test': { TXT: [['v=STSv1; ', 'id=7']] },
      'mta-sts.dst.test': { A: ['127.0.0.1'] },
    });
    const dns = makeDnsClient({ servers: [fake.address], clock: systemClock });
    const http = makeHttpClient({ dns, allowPrivate: true, ipv6: false, ca: [pair.cert] });
    closing.push(
      () => http.close(),
      () => fake.close(),
      () => server.close(),
    );
    const { port } = server.address() as AddressInfo;
    return makeMtaSts({ dns, http, clock: systemClock, logger: { info: () => undefined, warn: () => undefined }, port });
  }

  const text = { 'content-type': 'text/plain' };
  it('finds the policy', async () => {
    const sts = await start('mta-sts.dst.test', (path) => [path === '/.well-known/mta-sts.txt' ? 200 : 404, text, policy('enforce')]);
    expect(await sts.policyFor('dst.test')).toMatchObject({ mode: 'enforce', id: '7' });
  });

  it('follows no redirect', async () => {
    const sts = await start('mta-sts.dst.test', (path) =>
      path === '/real' ? [200, text, policy('enforce')] : [301, { location: '/real' }, ''],
    );
    expect(await sts.policyFor('dst.test')).toBeUndefined();
  });

  it('takes no certificate of another host', async () => {
    const sts = await start('dst.test', () => [200, text, policy('enforce')]);
    expect(await sts.policyFor('dst.test')).toBeUndefined();
  });
});
