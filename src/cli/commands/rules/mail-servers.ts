/** Finds the servers that take mail for a name: the exchangers of a domain, or the host itself. */
import { parseDomain, SECOND } from '#core';
import { type Dns, resolveMailExchangers } from '#net';

export interface MailServers {
  /** Best first. The name itself, if it is a host or could not be looked up. */
  hosts: string[];
  /** The name is a domain, and these are its exchangers. */
  isDomain: boolean;
  /** Why the look-up failed. */
  problem?: string;
}

/** How long the command waits for a resolver, ms. */
export const LOOKUP = { attempts: 1, deadlineMs: 3 * SECOND } as const;

export async function mailServersOf(dns: Dns, name: string): Promise<MailServers> {
  const itself = { hosts: [name], isDomain: false };
  const domain = parseDomain(name);
  if (domain === undefined) return itself;
  const found = await resolveMailExchangers(dns, domain);
  if (found.kind === 'exchangers') return found.implicit ? itself : { hosts: found.hosts.map((host) => host.name), isDomain: true };
  return { ...itself, problem: found.text };
}
