import { describe, expect, it } from 'vitest';
import { listenerText, parseListener, readCidr, readDnsServer } from '#config/schema/network-text.js';

describe('parseListener', () => {
  it.each([
    ['127.0.0.1:25', { host: '127.0.0.1', port: 25 }],
    ['[2001:db8::1]:0', { host: '2001:db8::1', port: 0 }],
    ['Mail.Example.com:587', { host: 'mail.example.com', port: 587 }],
    [2525, { host: '0.0.0.0', port: 2525 }],
    ['2525', { host: '0.0.0.0', port: 2525 }],
  ])('reads %s', (text, listener) => {
    expect(parseListener(text)).toEqual(listener);
  });

  it.each([
    '',
    ':25',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '::1:25',
    '[127.0.0.1]:25',
    '[::1]',
    '256.0.0.1:25',
    'a b:25',
    -1,
    1.5,
    65536,
    null,
    {},
  ])('refuses %j', (text) => {
    expect(parseListener(text)).toBeUndefined();
  });

  it('is the reverse of listenerText', () => {
    for (const text of ['127.0.0.1:25', '[::1]:25']) {
      const listener = parseListener(text);
      expect(listener && listenerText(listener)).toBe(text);
    }
  });
});

describe('readCidr', () => {
  it.each([
    ['192.0.2.0/24', '192.0.2.0/24'],
    ['192.0.2.7', '192.0.2.7/32'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['::1', '::1/128'],
    ['::ffff:192.0.2.0/120', '::ffff:192.0.2.0/120'],
  ])('reads %s', (text, network) => {
    expect(readCidr(text)).toEqual({ network });
  });

  it.each([
    ['192.0.2.7/24', '192.0.2.0/24'],
    ['10.255.0.0/7', '10.0.0.0/7'],
    ['2001:db8:1:2::1/48', '2001:db8:1::/48'],
    ['2001:db8::ff/127', '2001:db8:0:0:0:0:0:fe/127'],
  ])('finds the host bits of %s', (text, suggestion) => {
    expect(readCidr(text)).toEqual({ wrong: 'host-bits', suggestion });
    expect(readCidr(suggestion)).toHaveProperty('network');
  });

  it.each(['0.0.0.0/0', '::/0', '::ffff:0.0.0.0/96'])('refuses %s, which is everybody', (text) => {
    expect(readCidr(text)).toEqual({ wrong: 'everything' });
  });

  it.each(['', 'x', '10.0.0.0/33', '::/129', '10.0.0/8', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', 'fe80::1%eth0/64', 10, null])(
    'refuses %j',
    (text) => {
      expect(readCidr(text)).toEqual({ wrong: 'syntax' });
    },
  );
});

describe('readDnsServer', () => {
  it.each(['192.0.2.53', '192.0.2.53:5353', '2001:db8::53', '[2001:db8::53]', '[2001:db8::53]:5353'])('takes %s as it is', (text) => {
    expect(readDnsServer(text)).toBe(text);
  });

  it.each(['', 'dns.example', '192.0.2.53:0', '192.0.2.53:65536', '[192.0.2.53]:53', '192.0.2.53:', '2001:db8::53]:53', 53])(
    'refuses %j',
    (text) => {
      expect(readDnsServer(text)).toBeUndefined();
    },
  );
});
