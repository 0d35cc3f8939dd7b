/** Reads CIDR blocks and tells whether an address lies in one of them. A v4-mapped IPv6 address counts as the IPv4 address in it. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export interface Cidr {
  address: ipaddr.IPv4 | ipaddr.IPv6;
  /** Prefix length: 0 to 32 or 0 to 128. */
  bits: number;
}

const MAPPED_BITS = 96;

/** Reads `10.0.0.0/8`, `2001:db8::/32`, or a bare address (a block of one). Undefined for anything else. Bits after the prefix are ignored. */
export function parseCidr(text: string): Cidr | undefined {
  const [, ip = '', prefix] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(ip);
  if (family === 0) return undefined;
  const width = family === 4 ? 32 : 128;
  const bits = prefix === undefined ? width : Number(prefix);
  if (bits > width) return undefined;
  const address = ipaddr.parse(ip);
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= MAPPED_BITS) {
    return { address: address.toIPv4Address(), bits: bits - MAPPED_BITS };
  }
  return { address, bits };
}

/** Throws for a text that `parseCidr` does not take. The matcher gives false for anything that is not an address. */
export function makeCidrMatcher(cidrs: readonly string[]): (ip: string) => boolean {
  const blocks = cidrs.map((text) => {
    const cidr = parseCidr(text);
    if (!cidr) throw new Error(`"${text}" is not a CIDR block`);
    return cidr;
  });
  return (ip) => {
    if (isIP(ip) === 0) return false;
    const address = ipaddr.process(ip);
    return blocks.some((block) => block.address.kind() === address.kind() && address.match(block.address, block.bits));
  };
}
