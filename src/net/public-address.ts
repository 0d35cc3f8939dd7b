/** Distinguishes public Internet addresses from all others, so that DNS cannot make this server connect to itself or its own network. */
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';

/**
 * 2000::/3, the range from which all global unicast addresses are given out (RFC 4291 2.4). Addresses outside of it contain an IPv4 address or have
 * another meaning.
 */
const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];

/**
 * False for anything but a plain public unicast address: loopback, private, shared (100.64/10), link-local, unspecified,
 * multicast, reserved and documentation ranges, and every IPv6 form that carries an IPv4 address (v4-mapped, v4-compatible,
 * NAT64, 6to4, Teredo). Also false for text that is not an address in its usual form (`127.1`, `0x7f000001`, a zone id).
 */
export function isPublicAddress(ip: string): boolean {
  if (isIP(ip) === 0 || ip.includes('%')) return false;
  const address = ipaddr.parse(ip);
  if (address.range() !== 'unicast') return false;
  return address.kind() === 'ipv4' || address.match(GLOBAL_UNICAST);
}

/** True when a network interface holds a public IPv6 address: without one, IPv6 destinations are not tried. */
export function hasGlobalIpv6(): boolean {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .some((address) => address.family === 'IPv6' && !address.internal && isPublicAddress(address.address));
}
