import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { hasGlobalIpv6, isPublicAddress } from '#net';

describe('isPublicAddress', () => {
  it.each([
    '1.1.1.1',
    '9.9.9.9',
    '172.15.255.255',
    '172.32.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '11.0.0.0',
    '223.255.255.255',
    '2620:fe::fe',
    '2a00:1450:4001::1b',
    '2001:4860:4860::8888',
  ])('%s is', (ip) => {
    expect(isPublicAddress(ip)).toBe(true);
  });

  const others: [string, string[]][] = [
    ['loopback', ['127.0.0.1', '127.255.255.255', '::1']],
    ['unspecified', ['0.0.0.0', '0.1.2.3', '::']],
    ['private', ['10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fdff::1', 'fec0::1']],
    ['shared', ['100.64.0.0', '100.127.255.255']],
    ['link-local and metadata', ['169.254.169.254', 'fe80::1', 'fe80::1%eth0', 'fd00:ec2::254']],
    ['v4-mapped, even of a public address', ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:9.9.9.9']],
    ['v4-compatible', ['::127.0.0.1', '::9.9.9.9']],
    ['v4-translated', ['::ffff:0:127.0.0.1']],
    ['NAT64', ['64:ff9b::127.0.0.1', '64:ff9b::909:909', '64:ff9b:1::1']],
    ['6to4 and Teredo', ['2002:7f00:1::1', '2001::1']],
    ['multicast and broadcast', ['224.0.0.1', '239.255.255.255', '255.255.255.255', 'ff02::1']],
    ['reserved', ['240.0.0.1', '192.0.0.1', '198.18.0.1', '192.88.99.1', '4000::1', '8000::1', '100::1', '5f00::1']],
    ['documentation', ['192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1']],
    [
      'no address in its usual form',
      ['', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '9.9.9.9.', ' 9.9.9.9', '9.9.9.9/32', 'localhost', '[::1]', '9.9.9.256'],
    ],
  ];
  it.each(others.flatMap(([what, ips]) => ips.map((ip): [string, string] => [ip, what])))('%j is not (%s)', (ip) => {
    expect(isPublicAddress(ip)).toBe(false);
  });
});

describe('hasGlobalIpv6', () => {
  it('agrees with the addresses of this machine', () => {
    const v6 = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).filter(({ family }) => family === 'IPv6'));
    expect(hasGlobalIpv6()).toBe(v6.some(({ address }) => /^[23]/.test(address) && isPublicAddress(address)));
  });
});
