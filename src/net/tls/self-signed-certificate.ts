/**
 * Makes a self-signed X.509 v3 certificate for a host name, with a new P-256 key (RFC 5280). Node can sign but cannot build certificates, and
 * packages that can have a dozen dependencies. So the few DER structures are written here.
 */
import { generateKeyPair, type KeyObject, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import ipaddr from 'ipaddr.js';
import { DAY, randomHexId } from '#core';

export interface CertificatePair {
  /** PEM. */
  cert: string;
  /** PKCS#8 PEM. */
  key: string;
}

const makeKeyPair = promisify(generateKeyPair);
/** Upper bound of a common name (RFC 5280 appendix A, ub-common-name). */
const MAX_COMMON_NAME = 64;
const VALID_DAYS = 3652;

const OID = {
  ecdsaWithSha256: '2a8648ce3d040302',
  commonName: '550403',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
  extKeyUsage: '551d25',
  serverAuth: '2b06010505070301',
};

/** `notBefore` is in ms since the epoch. The certificate is valid for `days` from then, ten years by default. `hostname` may be an IP address. */
export async function makeSelfSignedCertificate(options: { hostname: string; notBefore: number; days?: number }): Promise<CertificatePair> {
  const { privateKey, publicKey } = await makeKeyPair('ec', { namedCurve: 'P-256' });
  const { hostname, notBefore, days = VALID_DAYS } = options;
  const tbs = tbsCertificate(hostname, notBefore, notBefore + days * DAY, publicKey);
  const certificate = sequence(tbs, algorithm(), bitString(sign('sha256', tbs, privateKey)));
  return { cert: pem('CERTIFICATE', certificate), key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

function tbsCertificate(hostname: string, notBefore: number, notAfter: number, publicKey: KeyObject): Buffer {
  const name = distinguishedName(hostname.length <= MAX_COMMON_NAME ? hostname : 'mailwagon');
  return sequence(
    tagged(0xa0, integer(Buffer.of(2))),
    // A leading 0x01 keeps the serial number positive and never zero-padded.
    integer(Buffer.from(`01${randomHexId()}`, 'hex')),
    algorithm(),
    name,
    sequence(time(notBefore), time(notAfter)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions(hostname))),
  );
}

/** There is no key usage extension. It would have to allow signing certificates, because this certificate is its own issuer. */
function extensions(hostname: string): Buffer[] {
  const address = isIP(hostname) > 0 ? Buffer.from(ipaddr.parse(hostname).toByteArray()) : undefined;
  const subject = address ? tagged(0x87, address) : tagged(0x82, Buffer.from(hostname, 'ascii'));
  const critical = tagged(0x01, Buffer.of(0xff));
  const extension = (id: string, value: Buffer, ...flags: Buffer[]) => sequence(objectId(id), ...flags, octetString(value));
  return [
    extension(OID.basicConstraints, sequence(), critical),
    extension(OID.extKeyUsage, sequence(objectId(OID.serverAuth))),
    extension(OID.subjectAltName, sequence(subject)),
  ];
}

const algorithm = () => sequence(objectId(OID.ecdsaWithSha256));
const distinguishedName = (commonName: string) =>
  sequence(tagged(0x31, sequence(objectId(OID.commonName), tagged(0x0c, Buffer.from(commonName, 'utf8')))));

/** Years up to 2049 have two digits, later ones four (RFC 5280 4.1.2.5). */
function time(ms: number): Buffer {
  const digits = `${new Date(ms).toISOString().replace(/\D/g, '').slice(0, 14)}Z`;
  const year = Number(digits.slice(0, 4));
  return year >= 1950 && year < 2050 ? tagged(0x17, Buffer.from(digits.slice(2))) : tagged(0x18, Buffer.from(digits));
}

/** Tag, length, value (X.690 8.1). */
function tagged(tag: number, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  if (value.length < 0x80) return Buffer.concat([Buffer.of(tag, value.length), value]);
  const hex = value.length.toString(16);
  const length = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return Buffer.concat([Buffer.of(tag, 0x80 | length.length), length, value]);
}

const sequence = (...parts: Buffer[]) => tagged(0x30, ...parts);
const integer = (bytes: Buffer) => tagged(0x02, bytes);
const objectId = (hex: string) => tagged(0x06, Buffer.from(hex, 'hex'));
const octetString = (bytes: Buffer) => tagged(0x04, bytes);
const bitString = (bytes: Buffer) => tagged(0x03, Buffer.of(0), bytes);

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
