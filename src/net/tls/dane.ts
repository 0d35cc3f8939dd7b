/**
 * Finds out by DNSSEC which certificates a mail exchanger may show (DANE, RFC 7672). TLSA records are asked for only if every name and address that
 * leads to them is authenticated. A failed look-up is reported as a failure: an attacker who can make it fail must not get mail without TLS.
 */
import { X509Certificate } from 'node:crypto';
import type { Dns, DnsFailure, TlsaRecord } from '../dns/dns-answer.js';
import type { AddressResult } from '../dns/resolve-host-addresses.js';

/**
 * `tlsa`: the peer must do TLS and match one of the records. `baseName` goes into SNI. If an authority vouches for the certificate (usage 2), it
 * must contain one of `names`. `unusable`: the peer must do TLS, with any certificate. `none`: DANE does not apply to this host. `failed`: the
 * look-up failed, so the host must not be used now (RFC 7672 2.1.2).
 */
export type DaneResult =
  | { kind: 'tlsa'; records: readonly TlsaRecord[]; baseName: string; names: readonly string[] }
  | { kind: 'unusable'; baseName: string }
  | { kind: 'none' }
  | { kind: 'failed'; reason: DnsFailure; text: string };

export interface DaneQuestion {
  /** The recipients' domain. */
  nextHop: string;
  /** `authenticated` of the MxResult that contains the host. */
  mxAuthenticated: boolean;
  mxHost: string;
  /** What `resolveHostAddresses` gave for the host. */
  addresses: AddressResult;
  /** 25 by default. */
  port?: number;
}

export interface Dane {
  daneFor(question: DaneQuestion): Promise<DaneResult>;
}

const NONE: DaneResult = { kind: 'none' };

/**
 * `isTrusted`: whether the resolver is trusted when it marks answers as authenticated (see `makeResolverCheck`). If not, DANE is off and no question
 * is asked.
 */
export function makeDane({ dns, isTrusted }: { dns: Dns; isTrusted: boolean }): Dane {
  /** The names to look for TLSA records at, best first (RFC 7672 2.2.2 and 2.2.3); a failure if they cannot be found out. */
  async function baseNames({ mxHost, addresses }: DaneQuestion): Promise<string[] | DaneResult> {
    if (addresses.kind !== 'addresses') return NONE;
    const { authenticated, canonicalName } = addresses;
    if (authenticated) return canonicalName === undefined ? [mxHost] : [canonicalName, mxHost];
    if (canonicalName === undefined) return NONE;
    // The host is not signed, but it may be an alias in a signed zone. The owner of that zone may publish records at the alias.
    const alias = await dns.query(mxHost, 'CNAME');
    if (alias.kind === 'failed') return failed(mxHost, alias.reason);
    return alias.kind === 'records' && alias.authenticated ? [mxHost] : NONE;
  }

  return {
    async daneFor(question) {
      const { nextHop, mxAuthenticated, mxHost, port = 25 } = question;
      if (!isTrusted || !mxAuthenticated) return NONE;
      const bases = await baseNames(question);
      if (!Array.isArray(bases)) return bases;
      for (const baseName of bases) {
        const answer = await dns.query(`_${port}._tcp.${baseName}`, 'TLSA');
        if (answer.kind === 'failed') return failed(baseName, answer.reason);
        if (answer.kind !== 'records' || !answer.authenticated) continue;
        const records = answer.records.filter(isUsable);
        if (records.length === 0) return { kind: 'unusable', baseName };
        return { kind: 'tlsa', records, baseName, names: [...new Set([...bases, mxHost, nextHop])] };
      }
      return NONE;
    },
  };
}

const failed = (name: string, reason: DnsFailure): DaneResult => ({
  kind: 'failed',
  reason,
  text: `TLSA lookup of ${name} failed: ${reason}`,
});

const DIGEST_BYTES: Record<number, number> = { 1: 32, 2: 64 };

/** Only DANE-TA and DANE-EE (RFC 7672 3.1), and only records that we can compare. */
function isUsable({ usage, selector, matchingType, certificate }: TlsaRecord): boolean {
  if ((usage !== 2 && usage !== 3) || (selector !== 0 && selector !== 1)) return false;
  if (matchingType !== 0) return certificate.length === DIGEST_BYTES[matchingType];
  if (selector === 1) return certificate.length > 0;
  try {
    return new X509Certificate(certificate).raw.length > 0;
  } catch {
    return false;
  }
}
