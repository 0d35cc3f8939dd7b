/** Which of the server's addresses a message may leave from: what the message asks for, else what its domain is given. */
import { isIPv6 } from 'node:net';
import { badRequest, type SendOptions } from '#core';
import type { DomainRecord } from '#store';
import type { Sources } from './directory.js';

/** The addresses of one source of the configuration. */
export interface SourceAddresses {
  ipv4?: string;
  ipv6?: string;
}

export function makeSources({ addresses }: { addresses: readonly SourceAddresses[] }): Sources {
  const known = new Set(addresses.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]).filter((address) => address !== undefined));

  return {
    async wanted(_domain: DomainRecord | undefined, { sendingIp }: Pick<SendOptions, 'sendingIp'>) {
      return sendingIp === undefined ? [] : [[sendingIp]];
    },
    async check(_account, { sendingIp }) {
      if (sendingIp !== undefined && !known.has(canonical(sendingIp))) {
        throw badRequest(`o:sending-ip: ${sendingIp.slice(0, 64)} is not an address that this server sends from`);
      }
    },
  };
}

/** As the configuration shows it. */
function canonical(address: string): string {
  return isIPv6(address) && !address.includes('%') ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
}
