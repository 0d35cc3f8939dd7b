/** Finds the hosts that take mail for a domain, in the order in which to try them (RFC 5321 section 5.1, with the null MX of RFC 7505). */
import { parseDomain, shuffle } from '#core';
import type { Dns, DnsAnswer, MxRecord } from './dns-answer.js';

export interface MailExchanger {
  /** Host name, lower-case ASCII. */
  name: string;
  preference: number;
}

/**
 * `exchangers`: at least one host, best first, equal preferences in random order. `implicit`: the domain has no MX and is its own exchanger.
 * `authenticated`: DNSSEC vouches for these names, or for the absence of MX records. `none`: there is nobody to connect to; `code`, `enhancedCode`
 * and `text` are for an event's delivery-status. `isOwn`: the reason is that this server is the best exchanger.
 */
export type MxResult =
  | { kind: 'exchangers'; hosts: MailExchanger[]; implicit: boolean; authenticated: boolean }
  | { kind: 'none'; permanent: boolean; code: number; enhancedCode: string; text: string; isOwn?: true };

type NoExchanger = Extract<MxResult, { kind: 'none' }>;

/** A domain with a hundred exchangers must not make one attempt last for hours. */
const MAX_EXCHANGERS = 20;

/**
 * `domain` is in the form of `parseDomain`. `ownNames`: host names of this server. If one of them is an exchanger, it is left out together with all
 * exchangers that are not better, so that mail cannot loop back (RFC 5321 5.1). A DNS failure is always temporary.
 */
export async function resolveMailExchangers(dns: Dns, domain: string, options: { ownNames?: readonly string[] } = {}): Promise<MxResult> {
  const answer = await dns.query(domain, 'MX');
  if (answer.kind === 'failed') return lookupFailed(domain, answer.reason);
  if (answer.kind === 'nxdomain') return noMx(domain);
  const { authenticated } = answer;
  const { ownNames = [] } = options;
  if (answer.kind === 'nodata') return ownNames.includes(domain) ? loopsBack(domain) : resolveImplicit(dns, domain, authenticated);
  if (answer.records.every((record) => record.exchange === '.')) {
    return { kind: 'none', permanent: true, code: 556, enhancedCode: '5.1.10', text: `${domain} does not accept mail (null MX)` };
  }
  const hosts = chooseExchangers(answer.records);
  if (hosts.length === 0) {
    return { kind: 'none', permanent: true, code: 550, enhancedCode: '5.4.4', text: `No MX of ${domain} names a host` };
  }
  const others = withoutOwn(hosts, ownNames);
  if (others.length === 0) return loopsBack(domain);
  return { kind: 'exchangers', hosts: others.slice(0, MAX_EXCHANGERS), implicit: false, authenticated };
}

/**
 * Leaves out address literals and anything else that is not a host name (RFC 5321 5.1 requires a domain name). A name that is given twice counts
 * once.
 */
function chooseExchangers(records: readonly MxRecord[]): MailExchanger[] {
  const best = new Map<string, MailExchanger>();
  for (const { preference, exchange } of shuffle([...records])) {
    const name = parseDomain(exchange);
    const known = name === undefined ? undefined : best.get(name);
    if (name !== undefined && (!known || preference < known.preference)) best.set(name, { name, preference });
  }
  // The sort is stable, so hosts of equal preference keep their shuffled order.
  return [...best.values()].sort((one, other) => one.preference - other.preference);
}

function withoutOwn(hosts: MailExchanger[], ownNames: readonly string[]): MailExchanger[] {
  const own = hosts.find((host) => ownNames.includes(host.name));
  return own ? hosts.filter((host) => host.preference < own.preference) : hosts;
}

/** A domain without MX records is its own exchanger if it has an address. */
async function resolveImplicit(dns: Dns, domain: string, authenticated: boolean): Promise<MxResult> {
  const answers: DnsAnswer[] = await Promise.all([dns.query(domain, 'A'), dns.query(domain, 'AAAA')]);
  if (answers.some((answer) => answer.kind === 'records')) {
    return { kind: 'exchangers', hosts: [{ name: domain, preference: 0 }], implicit: true, authenticated };
  }
  const failed = answers.find((answer) => answer.kind === 'failed');
  return failed?.kind === 'failed' ? lookupFailed(domain, failed.reason) : noMx(domain);
}

const loopsBack = (domain: string): NoExchanger => ({
  kind: 'none',
  permanent: true,
  code: 554,
  enhancedCode: '5.4.6',
  text: `Mail for ${domain} loops back to this server`,
  isOwn: true,
});

const noMx = (domain: string): NoExchanger => ({
  kind: 'none',
  permanent: true,
  code: 498,
  enhancedCode: '5.1.2',
  text: `No MX for ${domain}`,
});

const lookupFailed = (domain: string, reason: string): NoExchanger => ({
  kind: 'none',
  permanent: false,
  code: 451,
  enhancedCode: '4.4.3',
  text: `MX lookup of ${domain} failed: ${reason}`,
});
