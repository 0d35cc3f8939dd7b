import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#core';
import { type DnsAnswer, type DnsType, makeDnsClient, parseDnsServer } from '#net';
import { type FakeDns, startFakeDns } from '../../support/fake-dns.mjs';
import { freePort } from '../../support/free-port.mjs';

const hundred = Array.from({ length: 100 }, (_, index) => ({
  preference: index,
  exchange: `mx-${index}.with-a-rather-long-name.example.test`,
}));
const certificate = Buffer.from('0102030405', 'hex');

let dns: FakeDns;
beforeAll(async () => {
  dns = await startFakeDns({
    'plain.test': { A: ['192.0.2.1', '192.0.2.2'], AAAA: ['2001:db8::1'], MX: [{ preference: 10, exchange: 'MX.Plain.Test' }], ttl: 77 },
    'text.test': { TXT: [['v=DKIM1; ', 'p=abc'], 'v=spf1 -all'] },
    '_25._tcp.mx.test': { TLSA: [{ usage: 3, selector: 1, matchingType: 1, certificate }], ad: true },
    '1.2.0.192.in-addr.arpa': { PTR: ['Host.Plain.test'] },
    'servfail.test': 'servfail',
    'refused.test': 'refused',
    'notimp.test': 'notimp',
    'slow.test': 'timeout',
    'garbage.test': 'garbage',
    'wrong-id.test': 'wrong-id',
    'wrong-question.test': 'wrong-question',
    'lied.test': { A: ['192.0.2.3'], lies: ['wrong-id', 'wrong-question', 'wrong-source', 'not-a-response'], delayMs: 50 },
    'cut.test': { MX: hundred, truncate: true },
    'old.test': { A: ['192.0.2.4'], noEdns: true },
    'alias.test': { CNAME: 'Plain.test', ttl: 20 },
    'lone.test': { CNAME: 'second.test', lone: true, ad: true },
    'second.test': { CNAME: 'third.test', lone: true, ad: true },
    'third.test': { A: ['192.0.2.5'], ad: true },
    'half-secure.test': { CNAME: 'plain.test', lone: true, ad: true },
    'dangling.test': { CNAME: 'gone.test' },
    'no-such-type.test': { CNAME: 'text.test' },
    'self.test': { CNAME: 'self.test' },
    'ring-1.test': { CNAME: 'ring-2.test', lone: true },
    'ring-2.test': { CNAME: 'ring-1.test', lone: true },
    ...Object.fromEntries(
      Array.from({ length: 9 }, (_, index) => [`chain-${index}.test`, { CNAME: `chain-${index + 1}.test`, lone: true }]),
    ),
    'chain-9.test': { A: ['192.0.2.9'] },
  });
});
afterAll(() => dns.close());

const ask = <T extends DnsType>(name: string, type: T) =>
  makeDnsClient({ servers: [dns.address], clock: systemClock, timeoutMs: 200, attempts: 2 }).query(name, type);

describe('answers', () => {
  const records = (found: unknown[], ttl = 300, authenticated = false) => ({ kind: 'records', records: found, ttl, authenticated });
  const negative = (kind: 'nodata' | 'nxdomain', ttl = 120) => ({ kind, ttl, authenticated: false });
  const failed = (reason: string) => ({ kind: 'failed', reason });

  const table: [string, DnsType, unknown][] = [
    ['plain.test', 'A', records(['192.0.2.1', '192.0.2.2'], 77)],
    ['PLAIN.test.', 'AAAA', records(['2001:db8::1'], 77)],
    ['plain.test', 'MX', records([{ preference: 10, exchange: 'mx.plain.test' }], 77)],
    ['text.test', 'TXT', records(['v=DKIM1; p=abc', 'v=spf1 -all'])],
    ['_25._tcp.mx.test', 'TLSA', records([{ usage: 3, selector: 1, matchingType: 1, certificate }], 300, true)],
    ['1.2.0.192.in-addr.arpa', 'PTR', records(['host.plain.test'])],
    ['alias.test', 'CNAME', records(['plain.test'], 20)],
    ['text.test', 'A', negative('nodata')],
    ['gone.test', 'A', negative('nxdomain')],
    ['servfail.test', 'MX', failed('servfail')],
    ['refused.test', 'A', failed('refused')],
    ['notimp.test', 'A', failed('rejected')],
    ['slow.test', 'A', failed('timeout')],
    ['garbage.test', 'A', failed('malformed')],
    ['alias.test', 'A', { ...records(['192.0.2.1', '192.0.2.2'], 20), canonicalName: 'plain.test' }],
    ['lone.test', 'A', { ...records(['192.0.2.5'], 300, true), canonicalName: 'third.test' }],
    ['half-secure.test', 'A', { ...records(['192.0.2.1', '192.0.2.2'], 77, false), canonicalName: 'plain.test' }],
    ['dangling.test', 'A', negative('nxdomain')],
    ['no-such-type.test', 'A', negative('nodata')],
    ['self.test', 'A', failed('cname-loop')],
    ['ring-1.test', 'A', failed('cname-loop')],
    ['chain-1.test', 'A', { ...records(['192.0.2.9']), canonicalName: 'chain-9.test' }],
    ['chain-0.test', 'A', failed('cname-loop')],
    ['old.test', 'A', records(['192.0.2.4'])],
  ];
  it.each(table)('%s %s', async (name, type, expected) => {
    expect(await ask(name, type)).toEqual(expected);
  });
});

describe('names that cannot be asked for', () => {
  it.each([
    [''],
    ['a..test'],
    ['.test'],
    [`${'a'.repeat(64)}.test`],
    [`${'abcdefg.'.repeat(32)}test`],
    ['a b.test'],
    ['a\u0000.test'],
    ['ä.test'],
  ])('%j does not exist', async (name) => {
    const before = dns.queries.length;
    expect((await ask(name, 'A')).kind).toBe('nxdomain');
    expect(dns.queries).toHaveLength(before);
  });
});

describe('forged answers', () => {
  it('are ignored while the true one is on its way', async () => {
    expect(await ask('lied.test', 'A')).toMatchObject({ kind: 'records', records: ['192.0.2.3'] });
  });

  it.each(['wrong-id.test', 'wrong-question.test'])('%s alone is no answer', async (name) => {
    expect(await ask(name, 'A')).toEqual({ kind: 'failed', reason: 'timeout' });
  });

  it('have to guess a fresh port and id for each question', async () => {
    const client = makeDnsClient({ servers: [dns.address], clock: systemClock });
    const from = dns.queries.length;
    for (let turn = 0; turn < 20; turn++) await client.query('plain.test', 'A');
    const asked = dns.queries.slice(from);
    expect(asked).toHaveLength(20);
    expect(new Set(asked.map(({ id }) => id)).size).toBeGreaterThan(15);
    expect(new Set(asked.map(({ port }) => port)).size).toBeGreaterThan(10);
  });
});

describe('transport', () => {
  it('goes to TCP when the answer is cut short', async () => {
    const answer = await ask('cut.test', 'MX');
    expect(answer.kind === 'records' && answer.records).toHaveLength(100);
    expect(dns.queries.filter(({ name }) => name === 'cut.test').map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
  });

  it('asks with EDNS0, and without for a server that cannot', async () => {
    const from = dns.queries.length;
    await ask('old.test', 'A');
    expect(dns.queries.slice(from).map(({ edns }) => edns)).toEqual([true, false]);
  });

  it('passes over a dead server, and does not go back to it first', async () => {
    const dead = `127.0.0.1:${await freePort()}`;
    const silent = createSocket('udp4');
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
    let heard = 0;
    silent.on('message', () => {
      heard += 1;
    });
    const servers = [dead, `127.0.0.1:${silent.address().port}`, dns.address];
    const client = makeDnsClient({ servers, clock: systemClock, timeoutMs: 100 });
    expect((await client.query('plain.test', 'A')).kind).toBe('records');
    expect((await client.query('plain.test', 'MX')).kind).toBe('records');
    expect(heard).toBe(1);
    silent.close();
  });

  it('takes the answer of the next server when one fails', async () => {
    const broken = await startFakeDns({ 'plain.test': 'servfail' });
    const client = makeDnsClient({ servers: [broken.address, dns.address], clock: systemClock });
    expect((await client.query('plain.test', 'A')).kind).toBe('records');
    await broken.close();
  });

  it('asks again as often as it may, and within its deadline', async () => {
    const from = dns.count('slow.test', 'TXT');
    await ask('slow.test', 'TXT');
    expect(dns.count('slow.test', 'TXT') - from).toBe(2);
    const client = makeDnsClient({ servers: [dns.address], clock: systemClock, timeoutMs: 100, attempts: 1000, deadlineMs: 350 });
    const start = performance.now();
    expect(await client.query('slow.test', 'A')).toEqual({ kind: 'failed', reason: 'timeout' });
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('says unreachable when nobody listens', async () => {
    const client = makeDnsClient({ servers: [`127.0.0.1:${await freePort()}`], clock: systemClock, timeoutMs: 500 });
    expect(await client.query('plain.test', 'A')).toEqual({ kind: 'failed', reason: 'unreachable' });
  });

  it('answers many at once, without flooding the server', async () => {
    const from = dns.count('plain.test', 'A');
    const client = makeDnsClient({ servers: [dns.address], clock: systemClock });
    const answers: DnsAnswer[] = await Promise.all(Array.from({ length: 300 }, () => client.query('plain.test', 'A')));
    expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(['records']));
    // None was lost and asked for again.
    expect(dns.count('plain.test', 'A') - from).toBe(300);
  });
});

describe('parseDnsServer', () => {
  it.each([
    ['192.0.2.53', { ip: '192.0.2.53', port: 53 }],
    ['192.0.2.53:5353', { ip: '192.0.2.53', port: 5353 }],
    ['2001:db8::1', { ip: '2001:db8::1', port: 53 }],
    ['[2001:db8::1]:5353', { ip: '2001:db8::1', port: 5353 }],
  ])('%s', (text, server) => {
    expect(parseDnsServer(text)).toEqual(server);
  });

  it.each(['', 'resolver.test', '192.0.2.53:0', '192.0.2.53:65536', '192.0.2', '[192.0.2.1', '1.2.3.4:x'])('refuses %j', (text) => {
    expect(() => parseDnsServer(text)).toThrow(`"${text}" is not a DNS server`);
  });
});
