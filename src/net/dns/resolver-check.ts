/**
 * Whether we may trust the resolver when it marks an answer as authenticated (the AD bit), and whether it ever does so. The bit is not signed:
 * anybody between the resolver and this machine can set it. So it is trusted only if the resolver runs on this machine, or if the operator says that
 * it can be trusted.
 */
import { getServers } from 'node:dns';
import ipaddr from 'ipaddr.js';
import type { Dns } from './dns-answer.js';
import { parseDnsServer } from './dns-client.js';

/** `text` is for the operator and says what to do. */
export interface ResolverStanding {
  kind: 'validates' | 'does-not-validate' | 'untrusted' | 'unknown';
  text: string;
}

export interface ResolverCheck {
  /** Known without asking the resolver. If false, DANE is off. */
  isTrusted: boolean;
  /** Asks for names in signed zones. */
  check(): Promise<ResolverStanding>;
}

export interface ResolverCheckOptions {
  dns: Dns;
  /** The servers of the configuration. Empty: the system's resolvers, which are trusted only if they run on this machine. */
  servers: readonly string[];
  /** Default: the resolvers of this system. */
  systemServers?: readonly string[];
  /** Zones that are signed and will stay signed. */
  signedNames?: readonly string[];
}

const ADVICE = 'run a validating resolver such as unbound on this machine and set dns.servers to ["127.0.0.1"]';

/** Throws for a server that is not an IP address. */
export function makeResolverCheck({
  dns,
  servers,
  systemServers = getServers(),
  signedNames = ['org', 'net', 'se'],
}: ResolverCheckOptions): ResolverCheck {
  const used = servers.length > 0 ? servers : systemServers;
  const elsewhere = used.filter((server) => !isLoopback(server));
  const isTrusted = used.length > 0 && (servers.length > 0 || elsewhere.length === 0);

  async function check(): Promise<ResolverStanding> {
    if (!isTrusted) {
      const why = used.length === 0 ? 'no resolver is configured' : `the system's resolver ${elsewhere.join(', ')} is on another machine`;
      return { kind: 'untrusted', text: `DANE is off: ${why}, so nobody vouches for DNSSEC on the way here; ${ADVICE}` };
    }
    const answers = await Promise.all(signedNames.map((name) => dns.query(name, 'NS')));
    const given = answers.filter((answer) => answer.kind !== 'failed');
    if (given.length === 0) return { kind: 'unknown', text: 'Whether DANE works is not known: the resolver does not answer' };
    if (!given.every((answer) => answer.authenticated)) {
      return { kind: 'does-not-validate', text: `DANE is off: the resolver ${used.join(', ')} does not validate DNSSEC; ${ADVICE}` };
    }
    const caution = elsewhere.length > 0 ? `, as far as the network to ${elsewhere.join(', ')} can be trusted` : '';
    return { kind: 'validates', text: `DANE is on: the resolver validates DNSSEC${caution}` };
  }

  return { isTrusted, check };
}

const isLoopback = (server: string): boolean => ipaddr.process(parseDnsServer(server).ip).range() === 'loopback';
