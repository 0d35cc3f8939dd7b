/** Finds the addresses of a host to connect to, IPv4 first. Addresses that are not public are refused unless they are allowed. */
import { shuffle } from '#core';
import { isPublicAddress } from '../public-address.js';
import type { Dns, DnsAnswer } from './dns-answer.js';

export interface HostAddress {
  ip: string;
  family: 4 | 6;
}

/**
 * `refused`: the host's addresses that are not public, for the log. `authenticated`: DNSSEC vouches for all addresses, and for the alias if there is
 * a `canonicalName`. `none`: there is nothing to connect to. `permanent`: the host has no usable address; false if DNS could not tell.
 */
export type AddressResult =
  | { kind: 'addresses'; addresses: HostAddress[]; refused: string[]; authenticated: boolean; canonicalName?: string }
  | { kind: 'none'; permanent: boolean; code: number; enhancedCode: string; text: string; refused: string[] };

/** More addresses would only make an attempt longer when the host is down. */
const MAX_PER_FAMILY = 10;

/** With `ipv6: false`, no AAAA question is asked. Each family is in random order, to spread the load as the owner of the host intends. */
export async function resolveHostAddresses(
  dns: Dns,
  host: string,
  options: { allowPrivate: boolean; ipv6: boolean },
): Promise<AddressResult> {
  const questions: Promise<DnsAnswer<'A' | 'AAAA'>>[] = [dns.query(host, 'A')];
  if (options.ipv6) questions.push(dns.query(host, 'AAAA'));
  const answers = await Promise.all(questions);
  const found = answers.flatMap((answer, index): HostAddress[] => {
    const family = index === 0 ? 4 : 6;
    return answer.kind === 'records' ? shuffle([...answer.records]).map((ip) => ({ ip, family })) : [];
  });
  const allowed = found.filter(({ ip }) => options.allowPrivate || isPublicAddress(ip));
  const refused = found.filter((address) => !allowed.includes(address)).map(({ ip }) => ip);
  if (allowed.length > 0) {
    const addresses = ([4, 6] as const).flatMap((family) =>
      allowed.filter((address) => address.family === family).slice(0, MAX_PER_FAMILY),
    );
    const given = answers.filter((answer) => answer.kind === 'records');
    const canonicalName = given.find((answer) => answer.canonicalName !== undefined)?.canonicalName;
    const authenticated = given.every((answer) => answer.authenticated);
    return { kind: 'addresses', addresses, refused, authenticated, ...(canonicalName === undefined ? {} : { canonicalName }) };
  }
  const failed = answers.find((answer) => answer.kind === 'failed');
  if (failed?.kind === 'failed') {
    const text = `Address lookup of ${host} failed: ${failed.reason}`;
    return { kind: 'none', permanent: false, code: 451, enhancedCode: '4.4.3', text, refused };
  }
  const text = refused.length > 0 ? `${host} has no public address` : `${host} has no ${options.ipv6 ? '' : 'IPv4 '}address`;
  return { kind: 'none', permanent: true, code: 550, enhancedCode: '5.4.4', text, refused };
}
