import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#core';
import {
  type Dane,
  type DaneResult,
  type Dns,
  makeDane,
  makeDnsClient,
  resolveHostAddresses,
  resolveMailExchangers,
  type TlsaRecord,
} from '#net';
import { type FakeDns, type FakeDnsEntry, type FakeDnsSpecial, startFakeDns } from '../../support/fake-dns.mjs';
import { issue } from '../../support/test-ca.js';

const { der } = issue({ name: 'mx.test' });
const sha256 = createHash('sha256').update(der).digest();
const record = (fields: Partial<TlsaRecord> = {}): TlsaRecord => ({
  usage: 3,
  selector: 1,
  matchingType: 1,
  certificate: sha256,
  ...fields,
});
const good = record();

let server: FakeDns;
let dns: Dns;
let dane: Dane;
beforeAll(async () => {
  server = await startFakeDns();
  dns = makeDnsClient({ servers: [server.address], clock: systemClock, timeoutMs: 1000, attempts: 1 });
  dane = makeDane({ dns, isTrusted: true });
});
afterAll(() => server.close());

type Zones = Record<string, FakeDnsEntry | FakeDnsSpecial>;
const HOST: Zones = {
  'dst.test': { MX: [{ preference: 10, exchange: 'mx.dst.test' }], ad: true },
  'mx.dst.test': { A: ['192.0.2.1'], ad: true },
};
const TLSA = '_25._tcp.mx.dst.test';
const EVERY_NAME = ['dst.test', 'mx.dst.test', TLSA, 'real.test', '_25._tcp.real.test', '_587._tcp.mx.dst.test'];

/** What DANE says of dst.test's first exchanger in these zones. */
async function ask(zones: Zones, { by = dane, port }: { by?: Dane; port?: number } = {}): Promise<DaneResult> {
  for (const name of EVERY_NAME) server.remove(name);
  for (const [name, entry] of Object.entries({ ...HOST, ...zones })) server.set(name, entry);
  const mx = await resolveMailExchangers(dns, 'dst.test');
  if (mx.kind === 'none') throw new Error(mx.text);
  const mxHost = mx.hosts[0]?.name ?? '';
  const addresses = await resolveHostAddresses(dns, mxHost, { allowPrivate: true, ipv6: true });
  return by.daneFor({ nextHop: 'dst.test', mxAuthenticated: mx.authenticated, mxHost, addresses, port });
}

const asked = () => server.queries.filter(({ type }) => type === 'TLSA').length;

describe('records', () => {
  it('are given with the names a certificate may bear', async () => {
    expect(await ask({ [TLSA]: { TLSA: [good], ad: true } })).toEqual({
      kind: 'tlsa',
      records: [good],
      baseName: 'mx.dst.test',
      names: ['mx.dst.test', 'dst.test'],
    });
  });

  it('are those of the port', async () => {
    const zones: Zones = { '_587._tcp.mx.dst.test': { TLSA: [good], ad: true } };
    expect(await ask(zones, { port: 587 })).toMatchObject({ kind: 'tlsa' });
    expect(await ask(zones)).toEqual({ kind: 'none' });
  });

  it('of a domain that is its own exchanger count too', async () => {
    expect(await ask({ 'dst.test': { A: ['192.0.2.1'], ad: true }, '_25._tcp.dst.test': { TLSA: [good], ad: true } })).toMatchObject({
      kind: 'tlsa',
      names: ['dst.test'],
    });
    server.remove('_25._tcp.dst.test');
  });

  const usable: [string, Partial<TlsaRecord>][] = [
    ['3 0 0', { selector: 0, matchingType: 0, certificate: der }],
    ['3 0 1', { selector: 0 }],
    ['3 1 2', { matchingType: 2, certificate: Buffer.alloc(64) }],
    ['3 1 0', { matchingType: 0, certificate: Buffer.alloc(91) }],
    ['2 0 1', { usage: 2, selector: 0 }],
    ['2 1 1', { usage: 2 }],
  ];
  it.each(usable)('%s are usable', async (_what, fields) => {
    expect(await ask({ [TLSA]: { TLSA: [record(fields)], ad: true } })).toMatchObject({ kind: 'tlsa', records: [record(fields)] });
  });

  const unusable: [string, Partial<TlsaRecord>][] = [
    ['0 (PKIX-TA)', { usage: 0 }],
    ['1 (PKIX-EE)', { usage: 1 }],
    ['usage 4', { usage: 4 }],
    ['usage 255', { usage: 255 }],
    ['selector 2', { selector: 2 }],
    ['matching type 3', { matchingType: 3 }],
    ['a short digest', { certificate: Buffer.alloc(31) }],
    ['a digest of another type', { matchingType: 2 }],
    ['a certificate that is none', { selector: 0, matchingType: 0, certificate: Buffer.from('nonsense') }],
    ['no key', { matchingType: 0, certificate: Buffer.alloc(0) }],
  ];
  it.each(unusable)('with %s alone demand TLS without saying which', async (_what, fields) => {
    expect(await ask({ [TLSA]: { TLSA: [record(fields)], ad: true } })).toEqual({ kind: 'unusable', baseName: 'mx.dst.test' });
    expect(await ask({ [TLSA]: { TLSA: [record(fields), good], ad: true } })).toMatchObject({ kind: 'tlsa', records: [good] });
  });
});

describe('nothing is said', () => {
  it.each<[string, Zones, number]>([
    ['without records', {}, 1],
    ['when the name has other types only', { [TLSA]: { TXT: ['x'], ad: true } }, 1],
    ['by records that are not authenticated', { [TLSA]: { TLSA: [good] } }, 1],
    ['of hosts whose addresses are not', { 'mx.dst.test': { A: ['192.0.2.1'] }, [TLSA]: 'servfail' }, 0],
    [
      'by an exchanger list that is not',
      { 'dst.test': { MX: [{ preference: 1, exchange: 'mx.dst.test' }] }, [TLSA]: { TLSA: [good], ad: true } },
      0,
    ],
  ])('%s', async (_what, zones, questions) => {
    const before = asked();
    expect(await ask(zones)).toEqual({ kind: 'none' });
    expect(asked() - before).toBe(questions);
  });

  it('when the resolver is not trusted, and nothing is asked', async () => {
    const before = asked();
    expect(await ask({ [TLSA]: { TLSA: [good], ad: true } }, { by: makeDane({ dns, isTrusted: false }) })).toEqual({ kind: 'none' });
    expect(asked()).toBe(before);
  });

  it('of a host without addresses', async () => {
    expect(await ask({ 'mx.dst.test': { TXT: ['x'], ad: true } })).toEqual({ kind: 'none' });
  });
});

describe('a look-up that fails is never taken for absence', () => {
  it.each(['servfail', 'refused', 'timeout', 'garbage'] as const)('%s', async (special) => {
    expect(await ask({ [TLSA]: special })).toMatchObject({
      kind: 'failed',
      text: expect.stringMatching(/^TLSA lookup of mx\.dst\.test failed: /),
    });
  });
});

describe('an exchanger that is an alias', () => {
  const alias = (ad: boolean): FakeDnsEntry => ({ CNAME: 'real.test', lone: true, ad });
  const real = (ad: boolean): FakeDnsEntry => ({ A: ['192.0.2.1'], ad });
  const at = (name: string): Zones => ({ [name]: { TLSA: [good], ad: true } });
  const secure: Zones = { 'mx.dst.test': alias(true), 'real.test': real(true) };

  it('is asked for at its real name first, then at its own (RFC 7672 2.2.2)', async () => {
    const names = ['real.test', 'mx.dst.test', 'dst.test'];
    expect(await ask({ ...secure, ...at('_25._tcp.real.test'), ...at(TLSA) })).toMatchObject({ baseName: 'real.test', names });
    expect(await ask({ ...secure, ...at(TLSA) })).toMatchObject({ baseName: 'mx.dst.test', names });
    expect(await ask({ ...secure, '_25._tcp.real.test': { TLSA: [good] }, ...at(TLSA) })).toMatchObject({ baseName: 'mx.dst.test' });
    expect(await ask({ ...secure, '_25._tcp.real.test': 'servfail', ...at(TLSA) })).toMatchObject({ kind: 'failed' });
    expect(await ask(secure)).toEqual({ kind: 'none' });
  });

  it('of a host without DNSSEC is asked for at its own name only, when the alias is signed', async () => {
    const half: Zones = { 'mx.dst.test': alias(true), 'real.test': real(false), ...at('_25._tcp.real.test') };
    expect(await ask({ ...half, ...at(TLSA) })).toMatchObject({ baseName: 'mx.dst.test', names: ['mx.dst.test', 'dst.test'] });
    expect(await ask(half)).toEqual({ kind: 'none' });
  });

  it('that is not signed says nothing', async () => {
    for (const signed of [true, false]) {
      const zones: Zones = { 'mx.dst.test': alias(false), 'real.test': real(signed), ...at('_25._tcp.real.test'), ...at(TLSA) };
      expect(await ask(zones)).toEqual({ kind: 'none' });
    }
  });
});
