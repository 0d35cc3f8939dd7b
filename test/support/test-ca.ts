/** Makes certificates that sign each other, good and bad ones, so that tests need no other program for it (RFC 5280). */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { DAY, systemClock } from '#core';

export interface Issued {
  /** PEM, for `tls.createServer`. */
  cert: string;
  key: string;
  der: Buffer;
  spki: Buffer;
  name: string;
  privateKey: KeyObject;
}

export interface CertificateOptions {
  name: string;
  /** Self-signed when left out. */
  issuer?: Issued;
  isCa?: boolean;
  /** Of the subject alternative name; `name` unless given. */
  dnsNames?: string[];
  /** ms since the epoch. */
  notBefore?: number;
  notAfter?: number;
  /** Signs in the issuer's name with a key that is not the issuer's. */
  forged?: boolean;
}

let serial = 0;

export function issue({ name, issuer, isCa = false, dnsNames = [name], forged = false, ...dates }: CertificateOptions): Issued {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const { notBefore = systemClock.now() - DAY, notAfter = systemClock.now() + 365 * DAY } = dates;
  const algorithm = sequence(objectId('2a8648ce3d040302'));
  serial += 1;
  const extensions = [
    extension('551d13', isCa ? sequence(tag(0x01, Buffer.of(0xff))) : sequence(), true),
    ...(isCa ? [] : [extension('551d11', sequence(...dnsNames.map((dns) => tag(0x82, Buffer.from(dns)))))]),
  ];
  const tbs = sequence(
    tag(0xa0, tag(0x02, Buffer.of(2))),
    tag(0x02, Buffer.of(1, serial >> 8, serial & 0xff)),
    algorithm,
    distinguishedName(issuer?.name ?? name),
    sequence(time(notBefore), time(notAfter)),
    distinguishedName(name),
    spki,
    tag(0xa3, sequence(...extensions)),
  );
  const signer = forged ? privateKey : (issuer?.privateKey ?? privateKey);
  const der = sequence(tbs, algorithm, tag(0x03, Buffer.of(0), sign('sha256', tbs, signer)));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  const cert = ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
  return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), der, spki, name, privateKey };
}

function tag(type: number, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  if (value.length < 0x80) return Buffer.concat([Buffer.of(type, value.length), value]);
  return Buffer.concat([Buffer.of(type, 0x82, value.length >> 8, value.length & 0xff), value]);
}

const sequence = (...parts: Buffer[]) => tag(0x30, ...parts);
const objectId = (hex: string) => tag(0x06, Buffer.from(hex, 'hex'));
const distinguishedName = (name: string) => sequence(tag(0x31, sequence(objectId('550403'), tag(0x0c, Buffer.from(name)))));
const time = (ms: number) => tag(0x18, Buffer.from(`${new Date(ms).toISOString().replace(/\D/g, '').slice(0, 14)}Z`));
const extension = (id: string, value: Buffer, critical = false) =>
  sequence(objectId(id), ...(critical ? [tag(0x01, Buffer.of(0xff))] : []), tag(0x04, value));

/** What a server called `name` may show: nothing, and certificates that are right, out of date, or another's. */
export const certificatesFor = (name: string, issuer: Issued) => ({
  without: undefined,
  good: issue({ name, issuer }),
  expired: issue({ name, issuer, notBefore: systemClock.now() - 30 * DAY, notAfter: systemClock.now() - DAY }),
  wrong: issue({ name: 'elsewhere.test', issuer }),
});
