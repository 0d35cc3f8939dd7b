/** DKIM keys: made here, shown as Mailgun shows them. */
import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';

const makePair = promisify(generateKeyPair);

export interface DkimKeyPair {
  /** PKCS#8, PEM. */
  privateKey: string;
  /** base64 of the SubjectPublicKeyInfo: the `p=` of the DNS record. */
  publicKey: string;
}

/** An RSA key of 1024 to 4096 bits, made off the event loop (2048 bits take some 100 ms). */
export async function generateDkimKey(bits: number): Promise<DkimKeyPair> {
  const { privateKey, publicKey } = await makePair('rsa', {
    modulusLength: bits,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { privateKey, publicKey: publicKey.toString('base64') };
}

/** The TXT record of an RSA key, as Mailgun shows it (RFC 6376 3.6.1; the version tag is optional). */
export function dkimRecordValue(publicKey: string): string {
  return `k=rsa; p=${publicKey}`;
}
