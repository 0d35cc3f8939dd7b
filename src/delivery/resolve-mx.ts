/** Finds the hosts to try: the destination's mail exchangers, or the smarthost configured for it. */
import { type Clock, SECOND } from '#core';
import { type AddressResult, type Dns, lookupSystemHost, resolveHostAddresses, resolveMailExchangers } from '#net';
import { deferred, failed } from './end-attempt.js';
import type { Step } from './step.js';
import { findTransport, type Transport } from './transport.js';

export interface ResolveDeps {
  dns: Dns;
  transports: readonly Transport[];
  /** Port of mail exchangers. */
  port: number;
  /** This server's name: mail that would come back here is not sent. */
  hostname: string;
  allowPrivate: boolean;
  /** Whether this machine can reach IPv6 hosts. */
  ipv6: boolean;
}

export function makeResolveMx({ dns, clock, transports, port, hostname, allowPrivate, ipv6 }: ResolveDeps & { clock: Clock }): Step {
  const lookup = makeSmarthostLookup(clock);
  return {
    name: 'resolve-mx',
    async run(attempt) {
      const destination = attempt.delivery.destinationName;
      const transport = findTransport(transports, destination);
      if (transport !== undefined) {
        attempt.transport = transport;
        attempt.hops = [{ name: transport.host, port: transport.port, preference: 0, addresses: () => lookup(transport.host) }];
        return 'next';
      }
      const found = await resolveMailExchangers(dns, destination, { ownNames: [hostname.toLowerCase()] });
      if (found.kind === 'none') return (found.permanent ? failed : deferred)(attempt, 'dns', replyOf(found));
      attempt.hops = found.hosts.map(({ name, preference }) => ({
        name,
        port,
        preference,
        addresses: () => resolveHostAddresses(dns, name, { allowPrivate, ipv6 }),
      }));
      return 'next';
    },
  };
}

/** What a look-up that found nobody says, as a reply. */
export const replyOf = ({ code, enhancedCode, text }: { code: number; enhancedCode: string; text: string }) => ({
  code,
  enhancedCode,
  text,
});

/** The system's resolver tells no TTL and takes a thread of the pool for each question. */
const LOOKUP_LIFETIME = 30 * SECOND;
const FAILURE_LIFETIME = 5 * SECOND;

/** Only configured hosts are asked for, so what is kept is bounded by the configuration. */
function makeSmarthostLookup(clock: Clock): (host: string) => Promise<AddressResult> {
  const known = new Map<string, { until: number; result: Promise<AddressResult> }>();
  return (host) => {
    const kept = known.get(host);
    if (kept !== undefined && kept.until > clock.monotonic()) return kept.result;
    const entry = { until: Number.POSITIVE_INFINITY, result: lookupSystemHost(host) };
    known.set(host, entry);
    return entry.result.then((result) => {
      entry.until = clock.monotonic() + (result.kind === 'addresses' ? LOOKUP_LIFETIME : FAILURE_LIFETIME);
      return result;
    });
  };
}
