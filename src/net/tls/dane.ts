/**
 * Which certificates DNSSEC allows a mail exchanger to show (DANE, RFC 7672): TLSA records, asked for only where every name and address on the
 * way to them is authenticated. A look-up that fails is told as that, because whoever can make it fail must not get mail without TLS.
 */
import { X509Certificate } from 'node:crypto';
import type { Dns, DnsFailure, TlsaRecord } from '../dns/dns-answer.js';
import type { AddressResult } from '../dns/resolve-host-addresses.js';

/**
 * `tlsa`: the peer must do TLS and match one of the records; `baseName` goes into SNI, `names` are those one of which the certificate must bear
 * when it is vouched for by an authority (usage 2). `unusable`: the peer must do TLS, with any certificate. `none`: DANE says nothing of this
 * host. `failed`: nobody could say; the host is not to be used for now (RFC 7672 2.1.2).
 */
export type DaneResult =
  | { kind: 'tlsa'; records: readonly TlsaRecord[]; baseName: string; names: readonly string[] }
  | { kind: 'unusable'; baseName: string }
  | { kind: 'none' }
  | { kind: 'failed'; reason: DnsFailure; text: string };

export interface DaneQuestion {
  /** The recipients' domain. */
  nextHop: string;
  /** `authenticated` of the MxResult that named the host. */
  mxAuthenticated: boolean;
  mxHost: string;
  /** What `resolveHostAddresses` gave for the host. */
  addresses: AddressResult;
  /** 25 unless given. */
  port?: number;
}

export interface Dane {
  daneFor(question: DaneQuestion): Promise<DaneResult>;
}

const NONE: DaneResult = { kind: 'none' };

/** `isTrusted`: whether the resolver's word for authenticated answers is believed (see `makeResolverCheck`); when not, DANE is off and nothing is asked. */
export function makeDane({ dns, isTrusted }: { dns: Dns; isTrusted: boolean }): Dane {
  /** Where TLSA records may be, best first (RFC 7672 2.2.2 and 2.2.3); a failure when that cannot be known. */
  async function baseNames({ mxHost, addresses }: DaneQuestion): Promise<string[] | DaneResult> {
    if (addresses.kind !== 'addresses') return NONE;
    const { authenticated, canonicalName } = addresses;
    if (authenticated) return canonicalName === undefined ? [mxHost] : [canonicalName, mxHost];
    if (canonicalName === undefined) return NONE;
    // A signed alias of an unsigned host: its owner may publish records at the alias.
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

/** RFC 7672 3.1: DANE-TA and DANE-EE only, and what can be compared at all. */
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
