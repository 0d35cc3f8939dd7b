import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#core';
import { type Dns, lookupSystemHost, makeDnsClient, resolveHostAddresses } from '#net';
import { type FakeDns, startFakeDns } from '../../support/fake-dns.mjs';

let server: FakeDns;
let dns: Dns;
beforeAll(async () => {
  server = await startFakeDns({
    'both.test': { A: ['9.9.9.9'], AAAA: ['2620:fe::fe'] },
    'v6.test': { AAAA: ['2620:fe::fe'] },
    'alias.test': { CNAME: 'both.test' },
    'many.test': { A: Array.from({ length: 40 }, (_, index) => `9.9.9.${index}`) },
    'some-private.test': { A: ['10.0.0.1', '9.9.9.9', '127.0.0.1'] },
    'v4-fails.test': { A: 'servfail', AAAA: ['2620:fe::fe'] },
    'private-and-unknown.test': { A: ['10.0.0.1'], AAAA: 'servfail' },
    'servfail.test': 'servfail',
    'slow.test': 'timeout',
    'text.test': { TXT: ['x'] },
    'secure.test': { A: ['9.9.9.9'], AAAA: ['2620:fe::fe'], ad: true },
    'half-secure.test': { CNAME: 'both.test', lone: true, ad: true },
    'rebinding.test': { A: (count) => (count % 2 === 1 ? ['9.9.9.9'] : ['127.0.0.1']) },
  });
  dns = makeDnsClient({ servers: [server.address], clock: systemClock, timeoutMs: 1000, attempts: 1 });
});
afterAll(() => server.close());

const resolve = (host: string, { allowPrivate = false, ipv6 = true } = {}) => resolveHostAddresses(dns, host, { allowPrivate, ipv6 });
const V4 = { ip: '9.9.9.9', family: 4 };
const V6 = { ip: '2620:fe::fe', family: 6 };
const found = (addresses: unknown[], more: object = {}) => ({ kind: 'addresses', addresses, refused: [], authenticated: false, ...more });

describe('addresses', () => {
  it('come IPv4 first, and IPv6 only when it is wanted', async () => {
    expect(await resolve('both.test')).toEqual(found([V4, V6]));
    expect(await resolve('alias.test')).toEqual(found([V4, V6], { canonicalName: 'both.test' }));
    const before = server.count('both.test', 'AAAA');
    expect(await resolve('both.test', { ipv6: false })).toEqual(found([V4]));
    expect(server.count('both.test', 'AAAA')).toBe(before);
  });

  it('are used when the other family is broken', async () => {
    expect(await resolve('v4-fails.test')).toEqual(found([V6]));
  });

  it('are at most ten of a family', async () => {
    const result = await resolve('many.test');
    expect(result.kind === 'addresses' && result.addresses).toHaveLength(10);
  });

  it('are authenticated when DNSSEC vouches for all of them', async () => {
    expect(await resolve('secure.test')).toEqual(found([V4, V6], { authenticated: true }));
    expect(await resolve('half-secure.test')).toEqual(found([V4, V6], { canonicalName: 'both.test' }));
  });

  it('are not authenticated when one family is not', async () => {
    const mixed: Dns = {
      query: async (_name, type) => ({
        kind: 'records',
        records: [type === 'A' ? '9.9.9.9' : '2620:fe::fe'] as never,
        ttl: 1,
        authenticated: type === 'A',
      }),
    };
    expect(await resolveHostAddresses(mixed, 'x.test', { allowPrivate: false, ipv6: true })).toMatchObject({ authenticated: false });
    expect(await resolveHostAddresses(mixed, 'x.test', { allowPrivate: false, ipv6: false })).toMatchObject({ authenticated: true });
  });

  it('that are private are left out and named', async () => {
    const result = await resolve('some-private.test');
    expect(result).toMatchObject({ kind: 'addresses', addresses: [V4] });
    expect([...result.refused].sort()).toEqual(['10.0.0.1', '127.0.0.1']);
  });

  it('are checked anew on every answer, so that rebinding gains nothing', async () => {
    expect((await resolve('rebinding.test', { ipv6: false })).kind).toBe('addresses');
    expect(await resolve('rebinding.test', { ipv6: false })).toMatchObject({ kind: 'none', permanent: true, refused: ['127.0.0.1'] });
  });
});

describe('a host that points at this machine or its network', () => {
  const hostile: ['A' | 'AAAA', string][] = [
    ['A', '127.0.0.1'],
    ['A', '10.1.2.3'],
    ['A', '169.254.169.254'],
    ['A', '0.0.0.0'],
    ['A', '100.64.0.1'],
    ['AAAA', '::1'],
    ['AAAA', '::ffff:127.0.0.1'],
    ['AAAA', 'fe80::1'],
    ['AAAA', 'fd00::1'],
    ['AAAA', '64:ff9b::7f00:1'],
  ];
  it.each(hostile)('%s %s is refused unless allowed', async (type, ip) => {
    server.set('hostile.test', { [type]: [ip] });
    const refused = await resolve('hostile.test');
    expect(refused).toMatchObject({
      kind: 'none',
      permanent: true,
      code: 550,
      enhancedCode: '5.4.4',
      text: 'hostile.test has no public address',
    });
    expect(refused.refused).toHaveLength(1);
    const allowed = await resolve('hostile.test', { allowPrivate: true });
    expect(allowed).toMatchObject({ kind: 'addresses', refused: [] });
  });
});

describe('no address', () => {
  const permanent = (text: string) => ({ kind: 'none', permanent: true, code: 550, enhancedCode: '5.4.4', text, refused: [] });
  const temporary = (text: string) => ({ kind: 'none', permanent: false, code: 451, enhancedCode: '4.4.3', text, refused: [] });
  it.each([
    ['gone.test', permanent('gone.test has no address')],
    ['text.test', permanent('text.test has no address')],
    ['servfail.test', temporary('Address lookup of servfail.test failed: servfail')],
    ['slow.test', temporary('Address lookup of slow.test failed: timeout')],
    ['private-and-unknown.test', { ...temporary('Address lookup of private-and-unknown.test failed: servfail'), refused: ['10.0.0.1'] }],
  ])('%s', async (host, expected) => {
    expect(await resolve(host)).toEqual(expected);
  });

  it('of IPv4 when IPv6 is not wanted', async () => {
    expect(await resolve('v6.test', { ipv6: false })).toEqual(permanent('v6.test has no IPv4 address'));
  });
});

describe('lookupSystemHost', () => {
  it('knows the hosts file and literals, private or not', async () => {
    expect(await lookupSystemHost('localhost')).toMatchObject({ kind: 'addresses' });
    expect(await lookupSystemHost('127.0.0.1')).toEqual(found([{ ip: '127.0.0.1', family: 4 }]));
    expect(await lookupSystemHost('::1')).toEqual(found([{ ip: '::1', family: 6 }]));
  });

  it('calls every failure temporary', async () => {
    expect(await lookupSystemHost('not a host name')).toMatchObject({ kind: 'none', permanent: false, code: 451, enhancedCode: '4.4.3' });
  });
});
