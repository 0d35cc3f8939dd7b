/**
 * The certificate that this server shows: the configured pair, or a self-signed one that is made once in the data folder. Errors name the
 * configuration key. The key and certificate that are returned always belong together.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { SecureContextOptions, TlsOptions } from 'node:tls';
import { type Clock, DAY, systemClock } from '#core';
import { makeSelfSignedCertificate } from './self-signed-certificate.js';

export interface ServerTls {
  /** PEM; the whole chain of the file. */
  cert: string;
  /** PEM. */
  key: string;
  /** SHA-256 of the certificate, `AB:CD:…`. */
  fingerprint: string;
  /** ms since the epoch. An expired certificate is loaded anyway: mail clients decide what to do, and the operator is warned. */
  expiresAt: number;
  selfSigned: boolean;
}

export interface ServerTlsFiles {
  /** Paths of PEM files; both or neither. */
  certFile: string | null;
  keyFile: string | null;
  dataDir: string;
  /** Name for the self-signed certificate. */
  hostname: string;
  clock?: Clock;
}

/** TLS 1.3, then forward-secret AEAD suites, then the suites that Exchange 2016 and old mail clients need. */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE+AESGCM',
  'ECDHE+CHACHA20',
  'ECDHE+AES',
  'AES256-GCM-SHA384',
  'AES128-GCM-SHA256',
  '!aNULL',
  '!MD5',
].join(':');

/** Our own self-signed pair is replaced this long before it expires. */
const RENEW_BEFORE_MS = 30 * DAY;

export async function loadServerTls(files: ServerTlsFiles): Promise<ServerTls> {
  const { certFile, keyFile } = files;
  if (certFile === null && keyFile === null) return loadSelfSigned(files);
  if (certFile === null) throw new Error('tls.cert must be set when tls.key is');
  if (keyFile === null) throw new Error('tls.key must be set when tls.cert is');
  const cert = await readPem('tls.cert', certFile);
  const key = await readPem('tls.key', keyFile);
  const certificate = parseOr(`tls.cert: ${certFile} holds no PEM certificate`, () => new X509Certificate(cert));
  const privateKey = parseOr(`tls.key: ${keyFile} holds no PEM private key, or an encrypted one`, () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) throw new Error(`tls.key does not match tls.cert (${keyFile}, ${certFile})`);
  return describe(cert, key, certificate, false);
}

/** Options of a TLS server (SMTP with STARTTLS or implicit TLS, HTTPS) that shows this certificate. */
export function serverTlsOptions(pair: Pick<ServerTls, 'cert' | 'key'>): SecureContextOptions & Pick<TlsOptions, 'honorCipherOrder'> {
  return { cert: pair.cert, key: pair.key, minVersion: 'TLSv1.2', ciphers: CIPHERS, honorCipherOrder: true };
}

async function loadSelfSigned({ dataDir, hostname, clock = systemClock }: ServerTlsFiles): Promise<ServerTls> {
  const folder = join(dataDir, 'tls');
  const certPath = join(folder, 'self-signed-cert.pem');
  const keyPath = join(folder, 'self-signed-key.pem');
  const kept = await readKept(certPath, keyPath);
  if (kept && kept.expiresAt > clock.now() + RENEW_BEFORE_MS && names(kept, hostname)) return kept;
  // It is valid from one day earlier, for peers whose clock is slow.
  const pair = await makeSelfSignedCertificate({ hostname, notBefore: clock.now() - DAY });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await replaceFile(keyPath, pair.key, 0o600);
  await replaceFile(certPath, pair.cert, 0o644);
  return describe(pair.cert, pair.key, new X509Certificate(pair.cert), true);
}

/** Undefined if there is no pair, or if a crash left it half written. The pair is then made again. */
async function readKept(certPath: string, keyPath: string): Promise<ServerTls | undefined> {
  try {
    const [cert, key] = await Promise.all([readFile(certPath, 'utf8'), readFile(keyPath, 'utf8')]);
    const certificate = new X509Certificate(cert);
    return certificate.checkPrivateKey(createPrivateKey(key)) ? describe(cert, key, certificate, true) : undefined;
  } catch {
    return undefined;
  }
}

function names(tls: ServerTls, hostname: string): boolean {
  const certificate = new X509Certificate(tls.cert);
  return (isIP(hostname) > 0 ? certificate.checkIP(hostname) : certificate.checkHost(hostname)) !== undefined;
}

async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const draft = `${path}.new`;
  // An old draft is removed and not reused, because it could have other permissions.
  await rm(draft, { force: true });
  await writeFile(draft, text, { mode, flag: 'wx' });
  await rename(draft, path);
}

async function readPem(configKey: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new Error(`${configKey}: cannot read ${path}: ${code}`, { cause: error });
  }
}

function parseOr<T extends X509Certificate | KeyObject>(message: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    // The parser's error is not passed on as the cause, because it may quote the key.
    throw new Error(message);
  }
}

function describe(cert: string, key: string, certificate: X509Certificate, selfSigned: boolean): ServerTls {
  return { cert, key, fingerprint: certificate.fingerprint256, expiresAt: Date.parse(certificate.validTo), selfSigned };
}
