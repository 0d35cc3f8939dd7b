/**
 * Our own stub resolver, because Node's gives no TTL for most types and never the AD bit. It asks the servers in turn until one answers or the
 * deadline passes, and follows CNAMEs.
 */
import { getServers } from 'node:dns';
import { isIP } from 'node:net';
import { type Clock, makeConcurrencyLimit } from '#core';
import type { Dns, DnsAnswer, DnsFailure, DnsType } from './dns-answer.js';
import { type DnsServer, exchange } from './dns-exchange.js';
import { type DnsResponse, normaliseDnsName } from './dns-message.js';
import { readDnsAnswer } from './read-dns-answer.js';

export interface DnsClientOptions {
  /** `1.2.3.4`, `1.2.3.4:53`, `2001:db8::1`, `[2001:db8::1]:53`. Empty: the system's resolvers. */
  servers: readonly string[];
  clock: Clock;
  /** How long to wait for one answer of one server, ms; 2000. */
  timeoutMs?: number;
  /** How many times each server of the list is asked; 3. */
  attempts?: number;
  /** Bound on the whole question, ms; 15,000. Includes retries, TCP, CNAMEs and waiting for a turn. */
  deadlineMs?: number;
}

const MAX_CNAMES = 8;
/** More questions at once would overflow the resolver's socket buffer and be lost. Each question also needs a socket here. */
const MAX_IN_FLIGHT = 100;
/** The answer for a name that cannot be written in a DNS message: such a name cannot exist. */
const NO_SUCH_NAME: DnsAnswer<never> = { kind: 'nxdomain', ttl: 3600, authenticated: false };

/** Throws for a server that is not an IP address. This happens only here, at start. */
export function makeDnsClient(options: DnsClientOptions): Dns {
  const { clock, timeoutMs = 2000, attempts = 3, deadlineMs = 15_000 } = options;
  const servers = (options.servers.length > 0 ? options.servers : getServers()).map(parseDnsServer);
  // The server that answered last is asked first. So a dead server costs its timeout once, not for every question.
  let preferred = 0;
  const turns = makeConcurrencyLimit(MAX_IN_FLIGHT);

  async function askServers(name: string, type: DnsType, deadline: number): Promise<DnsResponse | DnsFailure> {
    let failure: DnsFailure = 'unreachable';
    const start = preferred;
    const left = () => deadline - clock.monotonic();
    for (let turn = 0; turn < attempts * servers.length; turn++) {
      const index = (start + turn) % servers.length;
      const server = servers[index];
      if (left() <= 0) return 'timeout';
      if (!server) continue;
      const result = await turns(() => exchange(server, name, type, () => Math.max(1, Math.min(timeoutMs, left()))));
      const problem = result.kind === 'failed' ? result.reason : failureOf(result.response.rcode);
      if (result.kind === 'response' && problem === undefined) {
        preferred = index;
        return result.response;
      }
      failure = problem ?? failure;
    }
    return failure;
  }

  async function query<T extends DnsType>(name: string, type: T): Promise<DnsAnswer<T>> {
    const deadline = clock.monotonic() + deadlineMs;
    let current = normaliseDnsName(name);
    let ttl = Number.POSITIVE_INFINITY;
    let authenticated = true;
    let hopsLeft = MAX_CNAMES;
    while (current !== undefined) {
      const response = await askServers(current, type, deadline);
      if (typeof response === 'string') return { kind: 'failed', reason: response };
      const read = readDnsAnswer(response, current, type, hopsLeft);
      if (read.kind === 'failed') return read;
      ttl = Math.min(ttl, read.ttl);
      authenticated &&= read.authenticated;
      if (read.kind === 'records' && hopsLeft < MAX_CNAMES) return { canonicalName: current, ...read, ttl, authenticated };
      if (read.kind !== 'alias') return { ...read, ttl, authenticated };
      hopsLeft = read.hopsLeft;
      current = normaliseDnsName(read.target);
    }
    return NO_SUCH_NAME;
  }

  return { query };
}

const FAILURES: Record<number, DnsFailure> = { 1: 'malformed', 2: 'servfail', 5: 'refused' };

function failureOf(rcode: number): DnsFailure | undefined {
  return rcode === 0 || rcode === 3 ? undefined : (FAILURES[rcode] ?? 'rejected');
}

export function parseDnsServer(text: string): DnsServer {
  const [, bracketed, v4, portText] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const ip = bracketed ?? v4 ?? text;
  const port = Number(portText ?? 53);
  if (isIP(ip) === 0 || port < 1 || port > 65_535)
    throw new Error(`"${text}" is not a DNS server: expected an IP address, with a port or without`);
  return { ip, port };
}
