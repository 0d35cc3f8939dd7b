/** The defaults. They make a server that needs no privilege and is reachable from this machine only. Values are in the form that a file would use. */
import { hostname as systemHostname } from 'node:os';
import { parseDomain } from '#core';

/** Every key there is, with its default; the only list of keys. */
export function defaultSettings() {
  return {
    // The machine's own name when it is a valid host name.
    hostname: parseDomain(systemHostname()) ?? 'localhost',
    // Relative to the working directory; a path in a file is relative to that file.
    dataDir: './data',
    listen: {
      smtp: ['127.0.0.1:2525', '127.0.0.1:5870'],
      smtps: ['127.0.0.1:4650'],
      http: ['127.0.0.1:8080'],
    },
    // null: a self-signed pair is made once in dataDir.
    tls: { cert: null, key: null },
    trustedNetworks: [],
    // Empty: the system's resolvers.
    dns: { servers: [] },
    // Empty sources: the system chooses the address that mail leaves from.
    delivery: { port: 25, sources: [], transports: [], allowPrivateNetworks: false, extraCa: null, mtaStsPort: 443 },
    webhooks: { allowPrivateNetworks: false },
    limits: {
      unverifiedDomainPerDay: 300,
      queuedPerAccount: 5_000_000,
      queuedBytesPerAccount: '50 GB',
      apiRequestsPerMinute: 10_000,
      smtpConnections: 'auto',
      httpConnections: 'auto',
      connectionsPerAddress: 100,
      tagsPerMessage: 3,
      diskFloor: 'auto',
    },
    // Whether config/loose-dots.yaml is used.
    addresses: { looseDots: false },
    // The operator's own rules, in addition to those that come with the program. null: there are none.
    shaping: { file: null },
    bounceRules: { file: null },
  };
}

/** Keys of one entry of `delivery.transports`. */
export const TRANSPORT_KEYS = ['match', 'when', 'provider', 'host', 'port', 'tls', 'login', 'password'] as const;

/** Keys of one entry of `delivery.sources`. */
export const SOURCE_KEYS = ['ipv4', 'ipv6', 'ehlo'] as const;

/** Path of every key that can be set, such as `listen.smtp`, in the order of the documentation. */
export const KEY_PATHS: readonly string[] = leafPaths(defaultSettings(), '');

function leafPaths(section: object, prefix: string): string[] {
  return Object.entries(section).flatMap(([key, value]) => (isSection(value) ? leafPaths(value, `${prefix}${key}.`) : [`${prefix}${key}`]));
}

/** True for a mapping, false for lists and scalars. */
export function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
