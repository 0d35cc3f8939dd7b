/** The servers that take mail for what a person named: a domain's exchangers, or the host itself. */
import { parseDomain, SECOND } from '#core';
import { type Dns, resolveMailExchangers } from '#net';

export interface MailServers {
  /** Best first; the name itself when it is a host, or nobody could say. */
  hosts: string[];
  /** The name is a domain, and these are its exchangers. */
  isDomain: boolean;
  /** Why that could not be found out. */
  problem?: string;
}

/** A command that is to answer at once does not wait longer for a resolver. */
export const LOOKUP = { attempts: 1, deadlineMs: 3 * SECOND } as const;

export async function mailServersOf(dns: Dns, name: string): Promise<MailServers> {
  const itself = { hosts: [name], isDomain: false };
  const domain = parseDomain(name);
  if (domain === undefined) return itself;
  const found = await resolveMailExchangers(dns, domain);
  if (found.kind === 'exchangers') return found.implicit ? itself : { hosts: found.hosts.map((host) => host.name), isDomain: true };
  return { ...itself, problem: found.text };
}
