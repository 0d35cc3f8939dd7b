/** Finds the hosts to try: the destination's mail exchangers, or the smarthost configured for it. */
import { type Dns, lookupSystemHost, resolveHostAddresses, resolveMailExchangers } from '#net';
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

export function makeResolveMx({ dns, transports, port, hostname, allowPrivate, ipv6 }: ResolveDeps): Step {
  return {
    name: 'resolve-mx',
    async run(attempt) {
      const destination = attempt.delivery.destinationName;
      const transport = findTransport(transports, destination);
      if (transport !== undefined) {
        attempt.transport = transport;
        attempt.hops = [{ name: transport.host, port: transport.port, addresses: () => lookupSystemHost(transport.host) }];
        return 'next';
      }
      const found = await resolveMailExchangers(dns, destination, { ownNames: [hostname] });
      if (found.kind === 'none') return (found.permanent ? failed : deferred)(attempt, 'dns', replyOf(found));
      attempt.hops = found.hosts.map(({ name }) => ({
        name,
        port,
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
