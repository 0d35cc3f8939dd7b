import { describe, expect, it } from 'vitest';
import { makeCidrMatcher, parseCidr } from '#net';

describe('parseCidr', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0', 8],
    ['192.0.2.1', '192.0.2.1', 32],
    ['0.0.0.0/0', '0.0.0.0', 0],
    ['2001:db8::/32', '2001:db8::', 32],
    ['::1', '::1', 128],
    ['::ffff:10.0.0.0/104', '10.0.0.0', 8],
  ])('%s', (text, ip, bits) => {
    const cidr = parseCidr(text);
    expect([cidr?.address.toString(), cidr?.bits]).toEqual([ip, bits]);
  });

  it.each([
    '',
    '10.0.0.0/33',
    '::/129',
    '10.0.0/8',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/8x',
    'localhost',
    '10.0.0.0/255.0.0.0',
    ' 10.0.0.0/8',
    'fe80::1%eth0/64',
    '010.0.0.0/8',
    '0x0a000000/8',
  ])('refuses %j', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });
});

describe('makeCidrMatcher', () => {
  const matches = makeCidrMatcher(['10.0.0.0/8', '192.0.2.7', '2001:db8::/33', '172.16.5.4/12']);
  it.each(['10.0.0.0', '10.255.255.255', '192.0.2.7', '2001:db8::1', '::ffff:10.1.2.3', '172.31.0.1'])('%s lies within', (ip) => {
    expect(matches(ip)).toBe(true);
  });
  it.each(['11.0.0.0', '192.0.2.8', '2001:db8:8000::1', '::ffff:11.0.0.1', '::a01:203', '', 'x', '10.1', '172.32.0.1'])(
    '%j does not',
    (ip) => {
      expect(matches(ip)).toBe(false);
    },
  );

  it('matches a family with its own kind of everything', () => {
    expect([makeCidrMatcher(['0.0.0.0/0'])('::1'), makeCidrMatcher(['::/0'])('127.0.0.1'), makeCidrMatcher([])('127.0.0.1')]).toEqual([
      false,
      false,
      false,
    ]);
    expect([makeCidrMatcher(['0.0.0.0/0'])('::ffff:1.2.3.4'), makeCidrMatcher(['::/0'])('2001:db8::1')]).toEqual([true, true]);
  });

  it('throws for what is no CIDR block', () => {
    expect(() => makeCidrMatcher(['10.0.0.0/99'])).toThrow('"10.0.0.0/99" is not a CIDR block');
  });
});
