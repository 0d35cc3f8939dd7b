import { describe, expect, it } from 'vitest';
import { makeExpiringSet } from '#core';
import { decideTls, findFallback, type Transport } from '#routing';
import { findTransport } from '#routing/transport.js';
import { parseCapabilities } from '#smtp-client/capabilities.js';

describe('decideTls', () => {
  const ask = (requireTls: boolean, skipVerification: boolean) => ({ requireTls, skipVerification });
  const to = (tls: Transport['tls'], login?: string): Transport => ({ match: '*', host: 'h', port: 25, tls, ...(login ? { login } : {}) });

  it.each<[string, boolean, boolean, Transport | undefined, string]>([
    ['nothing asked', false, false, undefined, 'may'],
    ['skip-verification alone', false, true, undefined, 'may'],
    ['require-tls', true, false, undefined, 'verify'],
    ['require-tls with skip-verification', true, true, undefined, 'encrypt'],
    ['transport none', false, false, to('none'), 'none'],
    ['transport none, sender insists', true, false, to('none'), 'verify'],
    ['transport none, sender insists on any TLS', true, true, to('none'), 'encrypt'],
    ['transport may', false, false, to('may'), 'may'],
    ['transport may with a login', false, false, to('may', 'u'), 'encrypt'],
    ['transport require', false, false, to('require'), 'encrypt'],
    ['transport require, sender wants verification', true, false, to('require'), 'verify'],
    ['transport verify', false, false, to('verify'), 'verify'],
    ['transport verify, sender would skip it', true, true, to('verify'), 'verify'],
    ['transport implicit', false, false, to('implicit'), 'verify'],
  ])('%s', (_name, requireTls, skip, transport, expected) => {
    expect(decideTls(ask(requireTls, skip), transport)).toBe(expected);
  });
});

describe('parseCapabilities', () => {
  it('reads what it knows, in any case', () => {
    const reply = '250-mx.test 8BITMIME is only my name\r\n250-size 1000\r\n250-PIPELINING\r\n250-AUTH PLAIN SMTPUTF8\r\n250 8bitmime';
    expect(parseCapabilities(reply)).toEqual({ eightBitMime: true, smtpUtf8: false, pipelining: true, maxSize: 1000 });
  });
  it('of a HELO are none', () => {
    expect(parseCapabilities('250 mx.test')).toEqual({ eightBitMime: false, smtpUtf8: false, pipelining: false, maxSize: 0 });
  });
});

describe('findTransport', () => {
  const named = (match: string): Transport => ({ match, host: match, port: 25, tls: 'may' });
  const list = ['a.test', '.b.test', '*.C.test', '*'].map(named);
  it.each([
    ['a.test', 'a.test'],
    ['x.a.test', '*'],
    ['x.b.test', '.b.test'],
    ['b.test', '*'],
    ['xb.test', '*'],
    ['y.x.c.test', '*.C.test'],
  ])('%s goes to %s', (destination, match) => {
    expect(findTransport(list, destination)?.match).toBe(match);
  });
  it('is nobody when nothing matches', () => expect(findTransport([named('a.test')], 'z.test')).toBeUndefined());
});

describe('findFallback', () => {
  const named = (host: string, fields: Partial<Transport> = {}): Transport => ({
    match: '*',
    when: 'fallback',
    host,
    port: 25,
    tls: 'may',
    ...fields,
  });
  const list = [
    named('never', { when: 'always' }),
    named('gmail', { provider: 'Gmail' }),
    named('a', { match: 'a.test' }),
    named('yahoo', { match: 'y.test', provider: 'Yahoo' }),
  ];
  it.each<[string, string | undefined, string | undefined]>([
    ['a.test', 'Gmail', 'gmail'],
    ['a.test', 'Yahoo', 'a'],
    ['a.test', undefined, 'a'],
    ['y.test', 'Yahoo', 'yahoo'],
    ['y.test', undefined, undefined],
    ['z.test', 'Yahoo', undefined],
  ])('of %s at %s is %s', (destination, provider, host) => expect(findFallback(list, destination, provider)?.host).toBe(host));
});

it('an expiring set forgets by age and by number', () => {
  let now = 0;
  const set = makeExpiringSet({ clock: { now: () => now, monotonic: () => now }, lifetimeMs: 10, maxSize: 2 });
  for (const key of ['a', 'b', 'c']) set.add(key);
  expect(['a', 'b', 'c'].map(set.has)).toEqual([false, true, true]);
  now = 5;
  set.add('b');
  now = 10;
  expect(['b', 'c'].map(set.has)).toEqual([true, false]);
  set.add('d', 100);
  now = 109;
  expect(set.has('d')).toBe(true);
  now = 110;
  expect(set.has('d')).toBe(false);
});
