/**
 * Decides from the URL alone whether a URL of a customer or stranger may be fetched; pure. The addresses of its name are checked later, when the
 * socket is opened (`guarded-lookup.ts`), because only then the answer of DNS cannot change any more.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { parseDomain } from '#core';
import { isPublicAddress } from '../public-address.js';

export type UrlRefusal = 'invalid' | 'scheme' | 'credentials' | 'port' | 'name' | 'address' | 'redirect';

export interface Refused {
  kind: 'refused';
  reason: UrlRefusal;
  /** May be shown to whoever gave the URL. */
  text: string;
}

export interface UrlRules {
  /** Loopback, private (RFC 1918, RFC 4193) and shared (100.64/10) addresses and names are allowed: for tests, and for operators who want this. */
  allowPrivate: boolean;
  allowPort: (port: number) => boolean;
}

/** `host` has no brackets and no final dot. It is a literal address in its usual form, or a name in the form of `parseDomain`. */
export type CheckedUrl = { kind: 'url'; url: URL; host: string; port: number } | Refused;

const MAX_URL_CHARACTERS = 8192;

/** Names that always mean this machine or its network (RFC 6761, RFC 6762, RFC 8375, the private-use TLD `internal`). */
const LOCAL_NAME = /(?:^|\.)(?:localhost|localdomain|local|internal|intranet|lan|home\.arpa)$/;

/** Names that by definition lead nowhere (RFC 6761, RFC 7686, RFC 9476). */
const NO_NAME = /(?:^|\.)(?:invalid|onion|alt)$/;

/** Metadata services of clouds. One has a public address; others are in ranges that an operator may allow. */
const METADATA_ADDRESSES = new Set(['168.63.129.16', '100.100.100.200', 'fd00:ec2::254', 'fd20:ce::254']);
const PRIVATE_RANGES = new Set(['loopback', 'private', 'uniqueLocal', 'carrierGradeNat']);

/** Ports from 1024 up that are usually not web servers: databases, caches, queues, consoles, IRC, SIP, X11, and mail's own ports. */
const FOREIGN_PORTS = new Set([
  1433, 1521, 1719, 1720, 1723, 2049, 2375, 2376, 2379, 2380, 2525, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432, 5672, 5900, 5901, 5984,
  5985, 5986, 6000, 6379, 6443, 6566, 6665, 6666, 6667, 6668, 6669, 6697, 9042, 9092, 9200, 9300, 10080, 10250, 11211, 15672, 27017, 27018,
]);

/** 80, 443, and all ports above 1023 except those known for other services. */
export const isWebPort = (port: number): boolean => (port < 1024 ? port === 80 || port === 443 : !FOREIGN_PORTS.has(port));

/**
 * Allows public addresses, and with `allowPrivate` addresses of private networks. Never allows link-local and metadata addresses, or an IPv6 form of
 * an IPv4 address.
 */
export function isAllowedAddress(ip: string, allowPrivate: boolean): boolean {
  if (isIP(ip) === 0 || ip.includes('%')) return false;
  const address = ipaddr.parse(ip);
  if (METADATA_ADDRESSES.has(address.toString())) return false;
  return isPublicAddress(ip) || (allowPrivate && PRIVATE_RANGES.has(address.range()));
}

/** The parsed URL is also what the client connects to, so the URL cannot be read in two ways. */
export function checkUrl(text: string, { allowPrivate, allowPort }: UrlRules): CheckedUrl {
  if (text.length > MAX_URL_CHARACTERS || !URL.canParse(text)) return refused('invalid', 'The URL cannot be read');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return refused('scheme', 'The URL must begin with https:// or http://');
  if (url.username !== '' || url.password !== '') return refused('credentials', 'The URL must not hold a user name or password');
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  if (!allowPort(port)) return refused('port', `Port ${port} is not allowed`);
  // The parser has already turned `127.1`, `0x7f000001` and `2130706433` into `127.0.0.1`.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  if (isIP(host) > 0) {
    return isAllowedAddress(host, allowPrivate) ? { kind: 'url', url, host, port } : refused('address', `${host} is not a public address`);
  }
  if (parseDomain(host) !== host) return refused('invalid', 'The URL names no host');
  if (NO_NAME.test(host)) return refused('name', `${host} can never be found`);
  if (!allowPrivate && (LOCAL_NAME.test(host) || !host.includes('.'))) return refused('name', `${host} is not a public name`);
  return { kind: 'url', url, host, port };
}

export const refused = (reason: UrlRefusal, text: string): Refused => ({ kind: 'refused', reason, text });
