/** DKIM keys: generates or reads them, and formats their DNS record as Mailgun shows it. */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

const makePair = promisify(generateKeyPair);

/** RSA (RFC 6376) or Ed25519 (RFC 8463). */
export type DkimKeyKind = 'rsa' | 'ed25519';

export interface DkimKeyPair {
  kind: DkimKeyKind;
  bits: number;
  /** PKCS#8, PEM. */
  privateKey: string;
  /** The `p=` of the DNS record, base64: the SubjectPublicKeyInfo of an RSA key, or the 32 bytes of an Ed25519 key. */
  publicKey: string;
}

/** Generates an RSA key of 1024 to 4096 bits (2048 bits take about 100 ms) or an Ed25519 key, off the event loop. */
export async function generateDkimKey(size: number | 'ed25519'): Promise<DkimKeyPair> {
  if (size === 'ed25519') return describeKey((await makePair('ed25519', {})).privateKey, 'ed25519', 256);
  return describeKey((await makePair('rsa', { modulusLength: size })).privateKey, 'rsa', size);
}

const MAX_PEM = 16_384;

/**
 * Reads a private key in PEM (PKCS#1 or PKCS#8). Undefined if the text is not a key, is encrypted, or is neither RSA of 1024 to 4096 bits nor
 * Ed25519.
 */
export function readDkimKey(pem: string): DkimKeyPair | undefined {
  if (pem.length > MAX_PEM) return undefined;
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    return undefined;
  }
  if (key.asymmetricKeyType === 'ed25519') return describeKey(key, 'ed25519', 256);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  return key.asymmetricKeyType === 'rsa' && bits >= 1024 && bits <= 4096 ? describeKey(key, 'rsa', bits) : undefined;
}

/** Number of bytes before the key itself in an Ed25519 SubjectPublicKeyInfo. */
const ED25519_PREFIX = 12;

function describeKey(key: KeyObject, kind: DkimKeyKind, bits: number): DkimKeyPair {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const publicKey = (kind === 'rsa' ? spki : spki.subarray(ED25519_PREFIX)).toString('base64');
  return { kind, bits, privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(), publicKey };
}

/** The TXT record of a key, as Mailgun shows it (RFC 6376 3.6.1; the version tag is optional). */
export function dkimRecordValue(publicKey: string, kind: DkimKeyKind = 'rsa'): string {
  return `k=${kind}; p=${publicKey}`;
}

/** The public key in the text of a DNS record; undefined when there is none. */
export function publicKeyOfRecord(text: string): string | undefined {
  for (const tag of text.split(';')) {
    const value = /^\s*p\s*=([\s\S]*)$/.exec(tag)?.[1]?.replace(/\s+/g, '');
    if (value) return value;
  }
  return undefined;
}
