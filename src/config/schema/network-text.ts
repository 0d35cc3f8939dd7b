/** Reads the network notations of the configuration: listeners, CIDRs and DNS servers. Pure. Undefined: the text is none of the kind. */
import { isIP, isIPv4, isIPv6 } from 'node:net';
import { parseDomain } from '#core';
import type { Listener } from './config.js';

const MAX_PORT = 65_535;

/** `host:port`, `[v6]:port` or a bare port (every IPv4 address). Port 0 is allowed. */
export function parseListener(value: unknown): Listener | undefined {
  const bare = parsePort(value, 0);
  if (bare !== undefined) return { host: '0.0.0.0', port: bare };
  if (typeof value !== 'string') return undefined;
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(value.trim());
  const port = parsePort(match?.[3], 0);
  if (!match || port === undefined) return undefined;
  if (match[1] !== undefined) return isIPv6(match[1]) ? { host: match[1], port } : undefined;
  const host = parseHost(match[2]);
  return host === undefined ? undefined : { host, port };
}

/** A whole number from `lowest` to 65535, as a number or as digits. */
export function parsePort(value: unknown, lowest: 0 | 1): number | undefined {
  const port = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value;
  return typeof port === 'number' && Number.isInteger(port) && port >= lowest && port <= MAX_PORT ? port : undefined;
}

/** An IP address (brackets around IPv6 are taken off) or a host name, in lower-case ASCII. */
export function parseHost(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const address = value.replace(/^\[(.*)\]$/, '$1');
  if (isIP(address) !== 0) return address;
  return parseDomain(value);
}

/** `host:port` with brackets where IPv6 needs them; the reverse of parseListener. */
export const listenerText = ({ host, port }: Listener): string => (isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`);

/** An IP address with an optional port, as node:dns takes it. */
export function readDnsServer(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const bracketed = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(value);
  const withPort = /^([^:]+):(\d{1,5})$/.exec(value);
  const [, address = value, port] = bracketed ?? withPort ?? [];
  if (bracketed ? !isIPv6(address) : isIP(address) === 0) return undefined;
  return port !== undefined && parsePort(port, 1) === undefined ? undefined : value;
}

/** A network (a single address gets its full prefix), or what is wrong with the text. */
export type CidrReading = { network: string } | { wrong: 'syntax' | 'everything' } | { wrong: 'host-bits'; suggestion: string };

/** Reads `10.0.0.0/8`, `2001:db8::/32` or a single address. Host bits must be zero, and a network that holds everything is refused. */
export function readCidr(value: unknown): CidrReading {
  const match = typeof value === 'string' ? /^([^/]+)(?:\/(\d{1,3}))?$/.exec(value) : null;
  const address = match?.[1] ?? '';
  const width = isIPv4(address) ? 32 : isIPv6(address) && !address.includes('%') ? 128 : 0;
  const prefix = match?.[2] === undefined ? width : Number(match[2]);
  if (width === 0 || prefix > width) return { wrong: 'syntax' };
  const bits = addressBits(address);
  // ::ffff:0:0/96 is how IPv6 spells the whole of IPv4.
  if (prefix === 0 || (prefix === 96 && bits === 0xffffn << 32n)) return { wrong: 'everything' };
  const hostBits = BigInt(width - prefix);
  const network = (bits >> hostBits) << hostBits;
  if (network !== bits) return { wrong: 'host-bits', suggestion: `${addressText(network, width)}/${prefix}` };
  return { network: `${address.toLowerCase()}/${prefix}` };
}

function addressBits(address: string): bigint {
  if (isIPv4(address)) return address.split('.').reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n);
  // A dotted tail (::ffff:192.0.2.1) stands for two groups.
  const hex = address.replace(/[\d.]+\.\d+$/, (tail) => {
    const bits = addressBits(tail);
    return `${(bits >> 16n).toString(16)}:${(bits & 0xffffn).toString(16)}`;
  });
  const [head = '', tail] = hex.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

function addressText(bits: bigint, width: 32 | 128): string {
  const [size, separator, radix] = width === 32 ? ([8, '.', 10] as const) : ([16, ':', 16] as const);
  const groups = Array.from({ length: width / size }, (_, index) => {
    const shift = BigInt(width - size * (index + 1));
    return ((bits >> shift) & ((1n << BigInt(size)) - 1n)).toString(radix);
  });
  // Host bits are cleared from the end, so there are zeros at the end to shorten.
  return groups.join(separator).replace(/(?::0){2,}$/, '::');
}
