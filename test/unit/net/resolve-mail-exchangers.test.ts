import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#core';
import { type Dns, makeDnsClient, resolveMailExchangers } from '#net';
import { type FakeDns, startFakeDns } from '../../support/fake-dns.mjs';

const mx = (preference: number, exchange: string) => ({ preference, exchange });

let server: FakeDns;
let dns: Dns;
beforeAll(async () => {
  server = await startFakeDns({
    'sorted.test': { MX: [mx(20, 'second.test'), mx(10, 'first.test'), mx(30, 'third.test')] },
    'equal.test': { MX: [mx(5, 'a.test'), mx(5, 'b.test'), mx(5, 'c.test'), mx(1, 'best.test')] },
    'twice.test': { MX: [mx(20, 'MX.test'), mx(10, 'mx.test')] },
    'null.test': { MX: [mx(0, '.')] },
    'null-and-more.test': { MX: [mx(0, '.'), mx(10, 'real.test')] },
    'literal.test': { MX: [mx(10, '192.0.2.1')] },
    'literal-and-more.test': { MX: [mx(10, '192.0.2.1'), mx(15, 'not a name.test'), mx(20, 'real.test')] },
    'hundred.test': { MX: Array.from({ length: 100 }, (_, index) => mx(100 - index, `mx${index}.test`)), truncate: true },
    'alias.test': { CNAME: 'sorted.test' },
    'loop.test': { CNAME: 'loop.test' },
    'secure.test': { MX: [mx(10, 'first.test')], ad: true },
    'secure-implicit.test': { A: ['192.0.2.1'], ad: true },
    'v4-only.test': { A: ['192.0.2.1'] },
    'v6-only.test': { AAAA: ['2001:db8::1'] },
    'text-only.test': { TXT: ['nothing to connect to'] },
    'half.test': { A: 'servfail' },
    'half-known.test': { A: ['192.0.2.1'], AAAA: 'servfail' },
    'servfail.test': 'servfail',
    'refused.test': 'refused',
    'slow.test': 'timeout',
    'self.test': { MX: [mx(10, 'here.test')] },
    'backup.test': { MX: [mx(10, 'main.test'), mx(20, 'here.test'), mx(30, 'worse.test')] },
  });
  dns = makeDnsClient({ servers: [server.address], clock: systemClock, timeoutMs: 1000, attempts: 1 });
});
afterAll(() => server.close());

describe('the hosts to try', () => {
  const table: [string, [number, string][], boolean][] = [
    [
      'sorted.test',
      [
        [10, 'first.test'],
        [20, 'second.test'],
        [30, 'third.test'],
      ],
      false,
    ],
    ['twice.test', [[10, 'mx.test']], false],
    ['null-and-more.test', [[10, 'real.test']], false],
    ['literal-and-more.test', [[20, 'real.test']], false],
    [
      'alias.test',
      [
        [10, 'first.test'],
        [20, 'second.test'],
        [30, 'third.test'],
      ],
      false,
    ],
    ['v4-only.test', [[0, 'v4-only.test']], true],
    ['v6-only.test', [[0, 'v6-only.test']], true],
    ['half-known.test', [[0, 'half-known.test']], true],
  ];
  it.each(table)('of %s', async (domain, hosts, implicit) => {
    expect(await resolveMailExchangers(dns, domain)).toEqual({
      kind: 'exchangers',
      hosts: hosts.map(([preference, name]) => ({ name, preference })),
      implicit,
      authenticated: false,
    });
  });

  it('are authenticated when DNSSEC vouches for them, or for there being none but the domain', async () => {
    for (const domain of ['secure.test', 'secure-implicit.test']) {
      expect(await resolveMailExchangers(dns, domain)).toMatchObject({ kind: 'exchangers', authenticated: true });
    }
  });

  it('of equal preference come in any order, after the better ones', async () => {
    const orders = new Set<string>();
    for (let turn = 0; turn < 60; turn++) {
      const result = await resolveMailExchangers(dns, 'equal.test');
      const names = result.kind === 'exchangers' ? result.hosts.map(({ name }) => name) : [];
      expect(names[0]).toBe('best.test');
      expect([...names].sort()).toEqual(['a.test', 'b.test', 'best.test', 'c.test']);
      orders.add(names.join());
    }
    expect(orders.size).toBeGreaterThan(3);
  });

  it('are the best 20 of a hundred', async () => {
    const result = await resolveMailExchangers(dns, 'hundred.test');
    const preferences = result.kind === 'exchangers' ? result.hosts.map(({ preference }) => preference) : [];
    expect(preferences).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  it('are only those better than this server', async () => {
    const result = await resolveMailExchangers(dns, 'backup.test', { ownNames: ['here.test'] });
    expect(result).toMatchObject({ kind: 'exchangers', hosts: [{ name: 'main.test', preference: 10 }] });
  });
});

describe('nobody to connect to', () => {
  const permanent = (code: number, enhancedCode: string, text: string) => ({ kind: 'none', permanent: true, code, enhancedCode, text });
  const temporary = (text: string) => ({ kind: 'none', permanent: false, code: 451, enhancedCode: '4.4.3', text });
  it.each([
    ['null.test', permanent(556, '5.1.10', 'null.test does not accept mail (null MX)')],
    ['gone.test', permanent(498, '5.1.2', 'No MX for gone.test')],
    ['text-only.test', permanent(498, '5.1.2', 'No MX for text-only.test')],
    ['literal.test', permanent(550, '5.4.4', 'No MX of literal.test names a host')],
    ['servfail.test', temporary('MX lookup of servfail.test failed: servfail')],
    ['refused.test', temporary('MX lookup of refused.test failed: refused')],
    ['slow.test', temporary('MX lookup of slow.test failed: timeout')],
    ['loop.test', temporary('MX lookup of loop.test failed: cname-loop')],
    ['half.test', temporary('MX lookup of half.test failed: servfail')],
  ])('%s', async (domain, expected) => {
    expect(await resolveMailExchangers(dns, domain)).toEqual(expected);
  });

  it('but this server itself', async () => {
    const result = await resolveMailExchangers(dns, 'self.test', { ownNames: ['here.test'] });
    expect(result).toEqual({ ...permanent(554, '5.4.6', 'Mail for self.test loops back to this server'), isOwn: true });
  });
});
