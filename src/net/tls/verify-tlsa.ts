/**
 * Checks a peer's certificates against its TLSA records (RFC 6698, RFC 7671, RFC 7672 section 3); pure. Checks issuance, signatures, CA flags, key
 * usage, dates and names, but not path length and name constraints.
 */
import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { TlsaRecord } from '../dns/dns-answer.js';

/** `mismatch`: the reason may be shown in a delivery-status. */
export type TlsaVerdict = { kind: 'match'; usage: 2 | 3 } | { kind: 'mismatch'; reason: string };

const DANE_TA = 2;
const DANE_EE = 3;
const MAX_CHAIN = 10;
const HASHES: Record<number, string> = { 1: 'sha256', 2: 'sha512' };

/** `records`: the usable records. `chain`: from `peerChain`. `names`: from the DaneResult. `now`: wall clock, ms. */
export function verifyTlsa(
  records: readonly TlsaRecord[],
  chain: readonly X509Certificate[],
  names: readonly string[],
  now: number,
): TlsaVerdict {
  const [leaf] = chain;
  if (leaf === undefined) return mismatch('no certificate was shown');
  // If a record names the certificate itself, its names and dates do not matter (RFC 7672 3.1.1).
  if (records.some((record) => record.usage === DANE_EE && matches(record, leaf))) return { kind: 'match', usage: DANE_EE };
  const anchors = records.filter(({ usage }) => usage === DANE_TA);
  if (anchors.length === 0) return mismatch('the certificate is not the one in the TLSA records');
  const trouble = verifyToAnchor(anchors, chain.slice(0, MAX_CHAIN), now);
  if (trouble !== undefined) return mismatch(trouble);
  if (!names.some((name) => leaf.checkHost(name) !== undefined)) return mismatch(`the certificate is not for ${names.join(' or ')}`);
  return { kind: 'match', usage: DANE_TA };
}

const mismatch = (reason: string): TlsaVerdict => ({ kind: 'mismatch', reason });

/**
 * Undefined if every certificate is valid and issued by the next one, up to one that a record names. The dates of that last one do not matter (RFC
 * 5280 6.1).
 */
function verifyToAnchor(anchors: readonly TlsaRecord[], chain: readonly X509Certificate[], now: number): string | undefined {
  let below: X509Certificate | undefined;
  for (const certificate of chain) {
    if (below !== undefined) {
      if (!isIssuedBy(below, certificate)) return 'the chain of certificates is broken';
      if (anchors.some((record) => matches(record, certificate))) return undefined;
    }
    if (!isCurrent(certificate, now)) return 'a certificate of the chain is out of date';
    below = certificate;
  }
  const last = below;
  // If the record holds the whole anchor, the peer need not send it (RFC 7671 5.2.2).
  return last !== undefined && anchors.some((record) => isIssuedByRecord(last, record))
    ? undefined
    : 'no certificate of the chain is in the TLSA records';
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && isSignedBy(certificate, () => issuer.publicKey);
}

function isIssuedByRecord(certificate: X509Certificate, { selector, matchingType, certificate: bytes }: TlsaRecord): boolean {
  if (matchingType !== 0) return false;
  if (selector === 1) return isSignedBy(certificate, () => createPublicKey({ key: bytes, format: 'der', type: 'spki' }));
  return isIssuedBy(certificate, new X509Certificate(bytes));
}

/** False also for a key that cannot be read or is of another kind than the signature; for these, Node throws. */
function isSignedBy(certificate: X509Certificate, key: () => KeyObject): boolean {
  try {
    return certificate.verify(key());
  } catch {
    return false;
  }
}

const isCurrent = ({ validFrom, validTo }: X509Certificate, now: number): boolean =>
  Date.parse(validFrom) <= now && now <= Date.parse(validTo);

function matches({ selector, matchingType, certificate: expected }: TlsaRecord, certificate: X509Certificate): boolean {
  const selected = selector === 0 ? certificate.raw : subjectPublicKeyInfo(certificate.raw);
  const hash = HASHES[matchingType];
  return (hash === undefined ? selected : createHash(hash).update(selected).digest()).equals(expected);
}

/** The key byte for byte as it is in the certificate, because an export through OpenSSL may encode it differently (RFC 5280 4.1). */
export function subjectPublicKeyInfo(certificate: Buffer): Buffer {
  const tbs = contentOf(contentOf(certificate));
  let rest = tbs;
  // Skips the explicit version (if present), serial number, signature, issuer, validity and subject.
  for (let skipped = tbs[0] === 0xa0 ? 6 : 5; skipped > 0; skipped--) rest = rest.subarray(sizeOf(rest).end);
  return rest.subarray(0, sizeOf(rest).end);
}

const contentOf = (der: Buffer): Buffer => {
  const { start, end } = sizeOf(der);
  return der.subarray(start, end);
};

/** Start and end of the first DER element's content. The lengths are valid, because the certificate was parsed before. */
function sizeOf(der: Buffer): { start: number; end: number } {
  const first = der[1] ?? 0;
  if (first < 0x80) return { start: 2, end: 2 + first };
  const start = 2 + (first & 0x7f);
  return { start, end: start + der.readUIntBE(2, first & 0x7f) };
}

/** The certificates that the peer sent: its own first, then each issuer; empty if it sent none. The chain is incomplete on a resumed session. */
export function peerChain(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<string>();
  let next = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && !seen.has(next.fingerprint256) && chain.length < MAX_CHAIN) {
    seen.add(next.fingerprint256);
    chain.push(new X509Certificate(next.raw));
    next = next.issuerCertificate;
  }
  return chain;
}
