import { describe, expect, it } from 'vitest';
import {
  cleanText,
  domainOf,
  firstIdAt,
  isoDateWithoutZone,
  MAX_NODES,
  makeEventId,
  makeIdSource,
  makeMessageId,
  makeStorageKey,
  parseAddress,
  parseDate,
  parseDomain,
  parseSmtpReply,
  Refusal,
  readStorageKey,
  recipientStorageKey,
  refusalFrom,
  rfc2822Date,
  StoreError,
} from '#core';
import { type Family, steepFamilies } from '../../support/growth.js';

describe('parseAddress', () => {
  it.each([
    ['bob@dst.example', 'bob@dst.example'],
    ['Bob.Smith+tag@DST.Example', 'Bob.Smith+tag@dst.example'],
    ['"quoted local"@dst.example', '"quoted local"@dst.example'],
    ['üser@dst.example', 'üser@dst.example'],
    ['a@bücher.example', 'a@xn--bcher-kva.example'],
    ['root@localhost', 'root@localhost'],
    [`${'a'.repeat(64)}@dst.example`, `${'a'.repeat(64)}@dst.example`],
  ])('reads %s', (text, address) => expect(parseAddress(text)).toBe(address));

  it.each([
    '',
    'bob',
    '@dst.example',
    'bob@',
    'bob@dst.example.',
    'bob@dst..example',
    '.bob@dst.example',
    'bob.@dst.example',
    'bo b@dst.example',
    'bob@[127.0.0.1]',
    'bob@127.0.0.1',
    'bob@0x7f.1',
    'a@b@dst.example',
    '<bob@dst.example>',
    'Bob <bob@dst.example>',
    'bob@dst.example\r\nRCPT TO:<x@y.example>',
    'bob\0@dst.example',
    'bob\u2028@dst.example',
    'bob\u00a0@dst.example',
    'bob(c)@dst.example',
    'bob@good.example(x)evil.example',
    '"a\r\nb"@dst.example',
    '@b.test:victim@ext.example',
    `${'a'.repeat(65)}@dst.example`,
    `a@${'b'.repeat(64)}.example`,
    `a@${'b.'.repeat(130)}example`,
    'a@-dst.example',
    'a@exam ple.com',
  ])('refuses %j', (text) => expect(parseAddress(text)).toBeUndefined());

  it('takes what follows the last at sign for the domain', () => {
    const address = parseAddress('"a@evil.example"@good.example');
    if (address === undefined) throw new Error('not an address');
    expect(domainOf(address)).toBe('good.example');
  });

  it('takes linear time for hostile input', async () => {
    const hostile: Family<string>[] = [
      ['no domain', (size) => 'a'.repeat(size)],
      ['backslashes', (size) => `"${'\\'.repeat(size)}@x.example`],
      ['dots', (size) => `${'a.'.repeat(size / 2)}@x.example`],
    ];
    expect(await steepFamilies(hostile, 100_000, parseAddress)).toEqual([]);
  });
});

describe('parseDomain', () => {
  it.each([
    ['EXAMPLE.com', 'example.com'],
    ['_dmarc.example.com', '_dmarc.example.com'],
    ['münchen.example', 'xn--mnchen-3ya.example'],
    ['1.2.3.4', undefined],
    ['a..b', undefined],
    ['', undefined],
    ['a/b.example', undefined],
  ])('%s is %s', (text, domain) => expect(parseDomain(text)).toBe(domain));
});

describe('dates', () => {
  const ms = Date.UTC(2013, 6, 10, 19, 26, 52);
  it('are written as clients parse them', () => {
    expect(rfc2822Date(ms, 'GMT')).toBe('Wed, 10 Jul 2013 19:26:52 GMT');
    expect(rfc2822Date(Date.UTC(2026, 2, 4), '-0000')).toBe('Wed, 04 Mar 2026 00:00:00 -0000');
    expect(isoDateWithoutZone(ms)).toBe('2013-07-10T19:26:52');
  });

  it.each([
    ['Wed, 10 Jul 2013 19:26:52 GMT', ms],
    ['Wed, 10 Jul 2013 19:26:52 UTC', ms],
    ['Wed, 10 Jul 2013 19:26:52 -0000', ms],
    ['10 Jul 2013 21:26:52 +0200', ms],
    ['Mon, 1 Jul 2013 00:00:00 +0000', Date.UTC(2013, 6, 1)],
    ['2013-07-10T19:26:52Z', ms],
    [String(ms / 1000), ms],
    ['1373484412.5', ms + 500],
    ['0', 0],
    ['Wed, 10 Jul 2013 19:26:52', ms],
    ['2013-07-10 19:26:52', ms],
    ['2013-07-10', Date.UTC(2013, 6, 10)],
    ['2013-07-10T21:26:52.250+02:00', ms + 250],
    ['Wed, 10 Jul 2013 21:26:52 0200', ms],
    ['Wed, 10 Jul 2013 21:26:52  0200', ms],
    ['2013-07-10T21:26:52 02:00', ms],
    ['Wed, 10 Jul 2013 19:26:52 0000', ms],
    ['Wed, 10 Jul 2013 14:26:52 EST', ms],
    ['Wed, 10 Jul 13 19:26:52 +0000 (UTC)', ms],
    ['Wed, 10 Jul 2013 19:26 Z', ms - 52_000],
    ['29 Feb 2028 00:00 GMT', Date.UTC(2028, 1, 29)],
    ['29 Feb 2026 00:00 GMT', undefined],
    ['31 Apr 2026 00:00 GMT', undefined],
    ['2026-13-01', undefined],
    ['2026-02-30T00:00:00Z', undefined],
    ['10 Jul 2013 24:00:00 GMT', undefined],
    ['10 Jul 2013 19:60:00 GMT', undefined],
    ['10 Jul 2013 19:26:52 CEST', undefined],
    ['10 Jul 2013 19:26:52 XYZ', undefined],
    ['10 Jul 2013 19:26:52 +9960', undefined],
    ['10 Jul 2013', undefined],
    [`10 Jul 2013 ${' '.repeat(100_000)}x`, undefined],
    ['Mon, 01 Jan 0001 00:00:00 +0000', undefined],
    ['0001-01-01T00:00:00Z', undefined],
    ['', undefined],
    ['yesterday', undefined],
    ['Foo, 99 Bar 2013', undefined],
  ])('%j is read as %s', (text, expected) => expect(parseDate(text)).toBe(expected));
});

describe('parseSmtpReply', () => {
  it.each([
    ['250 2.0.0 OK', { code: 250, enhancedCode: '2.0.0', text: '2.0.0 OK' }],
    ['550-5.1.1 no such\r\n550 5.1.1 user', { code: 550, enhancedCode: '5.1.1', text: '5.1.1 no such user' }],
    ['421', { code: 421, enhancedCode: '', text: '' }],
    ['550 no\u0000\u001b[31m red', { code: 550, enhancedCode: '', text: 'no [31m red' }],
  ])('reads %j', (raw, reply) => expect(parseSmtpReply(raw)).toEqual(reply));

  it.each(['', 'hello', '99 x', '650 x', '2500 x'])('refuses %j', (raw) => expect(parseSmtpReply(raw)).toBeUndefined());

  it('bounds and cleans what the remote wrote', () => {
    expect(parseSmtpReply(`550 ${'x'.repeat(5000)}`)?.text).toHaveLength(1000);
    expect(cleanText('a\r\nX-Injected: yes\u2028b')).toBe('a X-Injected: yes b');
  });
});

describe('ids', () => {
  it('grow, also when the clock goes back, and above what is in use', () => {
    const clock = { time: 1_800_000_000_000, now: () => clock.time, monotonic: () => 0 };
    const ids = makeIdSource(clock);
    const first = ids.next();
    clock.time -= 60_000;
    expect(ids.next()).toBe(first + MAX_NODES);
    ids.raiseTo(first + 1_000_000 * MAX_NODES);
    expect(ids.next()).toBe(first + 1_000_001 * MAX_NODES);
    expect(Number.isSafeInteger(first)).toBe(true);
  });

  it('of two nodes differ and are in the order of time, whoever had the largest', () => {
    const clock = { time: 1_800_000_000_000, now: () => clock.time, monotonic: () => 0 };
    const nodes = [0, 7, MAX_NODES - 1].map((node) => makeIdSource(clock, node));
    const made = Array.from({ length: 1000 }, () => nodes.map((ids) => ids.next())).flat();
    expect(new Set(made).size).toBe(made.length);
    clock.time += 10;
    for (const ids of nodes) {
      const id = ids.next();
      expect(id).toBeGreaterThan(Math.max(...made));
      expect(id).toBeGreaterThanOrEqual(firstIdAt(clock.time));
    }
    // One of another node, then one that no node would make.
    for (const largest of [(nodes[2]?.next() ?? 0) + 5 * MAX_NODES, firstIdAt(clock.time + 1000) + 5]) {
      for (const ids of nodes) {
        ids.raiseTo(largest);
        expect(ids.next()).toBeGreaterThan(largest);
      }
    }
    for (const node of [-1, MAX_NODES, 0.5]) expect(() => makeIdSource(clock, node)).toThrow('number from 0 to 15');
  });

  it('go on in order after ids that were made before nodes had numbers', () => {
    const clock = { time: 1_800_000_000_000, now: () => clock.time, monotonic: () => 0 };
    // All 4096 of the millisecond were made, as they were then.
    const old = firstIdAt(clock.time) + 4095;
    const ids = makeIdSource(clock, 3);
    ids.raiseTo(old);
    expect(ids.next()).toBeGreaterThan(old);
    clock.time += 1;
    expect(makeIdSource(clock).next()).toBeGreaterThan(old);
  });

  it('are safe integers until 2089, also of the last node', () => {
    const clock = { time: Date.UTC(2089, 0), now: () => clock.time, monotonic: () => 0 };
    const ids = makeIdSource(clock, MAX_NODES - 1);
    const made = [ids.next(), ids.next()];
    expect(made.every(Number.isSafeInteger)).toBe(true);
    expect(made).toEqual([firstIdAt(clock.time) + 15, firstIdAt(clock.time) + 31]);
    expect(firstIdAt(Date.UTC(2020, 0) + 2 ** 41)).toBe(2 ** 53);
  });

  it('have the forms clients know', () => {
    expect(makeEventId(1_772_619_330_104)).toMatch(/^[\w-]{22}$/);
    expect(makeMessageId(Date.UTC(2026, 2, 4, 10, 15, 30), 'd.example')).toMatch(/^20260304101530\.[0-9a-f]{16}@d\.example$/);
  });
});

describe('storage keys', () => {
  it.each([1, 4096, 2 ** 32 - 1, 2 ** 32, 1_000_000_000_000_001, Number.MAX_SAFE_INTEGER])('name message %i', (id) => {
    const key = makeStorageKey(id);
    expect(key).toMatch(/^BAAB[\w-]{31}$/);
    expect(readStorageKey(key)).toEqual({ message: id, messageKey: key, delivery: undefined });
    expect(makeStorageKey(id)).not.toBe(key);
    const theirs = recipientStorageKey(key, id);
    expect(theirs).toMatch(/^BAAB[\w-]{41}$/);
    expect(readStorageKey(theirs)).toEqual({ message: id, messageKey: key, delivery: id });
  });

  it('of a recipient have one spelling, and an id that can be', () => {
    const key = makeStorageKey(1);
    // The last character holds four bits that mean nothing.
    for (const part of ['AAAAAAAAAB', '_________w', 'AAAAAAAAA', 'AAAAAAAAAAA']) expect(readStorageKey(key + part)).toBeUndefined();
    expect(readStorageKey(`${key}AAAAAAAAAA`)).toMatchObject({ delivery: 0 });
  });

  it.each(['', 'BAAB', `BAAC${'A'.repeat(31)}`, `BAAB${'A'.repeat(32)}`, `BAAB${'/'.repeat(31)}`, `BAAB${'_'.repeat(31)}`])(
    '%j is none',
    (key) => expect(readStorageKey(key)).toBeUndefined(),
  );
});

describe('refusalFrom', () => {
  it.each([
    [new StoreError('full', '/var/x'), 452, '4.3.1', 507],
    [new StoreError('closed', 'x'), 421, '4.3.2', 503],
    [new StoreError('failed', '/secret/path'), 452, '4.3.0', 503],
    [new StoreError('conflict', '/secret/path'), 451, '4.3.0', 500],
    [new Error('/secret/path'), 451, '4.3.0', 500],
    ['thrown text', 451, '4.3.0', 500],
  ])('%s is told without its inside', (error, smtpCode, enhancedCode, httpStatus) => {
    const refusal = refusalFrom(error);
    expect(refusal).toMatchObject({ smtpCode, enhancedCode, httpStatus, isTemporary: true });
    expect(refusal.publicText).not.toContain('/');
  });

  it('keeps a refusal as it is', () => {
    const refusal = new Refusal({ smtpCode: 550, enhancedCode: '5.7.1', httpStatus: 403, text: 'no' });
    expect(refusalFrom(refusal)).toBe(refusal);
    expect(refusal.isTemporary).toBe(false);
  });
});
