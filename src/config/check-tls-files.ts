/** Checks, before anything listens, that the certificates and the key which the configuration names can be used. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { LoadedConfig } from './schema/config.js';
import { ConfigError, type ConfigProblem } from './yaml/problems.js';
import { whyUnreadable } from './yaml/unreadable.js';

/** Throws ConfigError if a file is missing, unreadable or not PEM, or if the key does not belong to the certificate. */
export function checkTlsFiles({ config, file, origins }: LoadedConfig): void {
  const { cert, key } = config.tls;
  const problems: ConfigProblem[] = [];
  const read = <T>(name: string, path: string | null, what: string, parse: (pem: Buffer) => T): T | undefined => {
    if (path === null) return undefined;
    const line = Number(/:(\d+)$/.exec(origins.get(name) ?? '')?.[1]) || undefined;
    let pem: Buffer;
    try {
      pem = readFileSync(path);
    } catch (error) {
      problems.push({ key: name, line, message: `"${path}": ${whyUnreadable(path, error)}; expected ${what}` });
      return undefined;
    }
    try {
      return parse(pem);
    } catch {
      problems.push({ key: name, line, message: `"${path}": expected ${what}` });
      return undefined;
    }
  };
  const certificate = read('tls.cert', cert, 'a certificate in PEM form', (pem) => new X509Certificate(pem));
  const privateKey = read('tls.key', key, 'an unencrypted private key in PEM form', (pem) => createPrivateKey(pem));
  read('delivery.extraCa', config.delivery.extraCa, 'certificates in PEM form', (pem) => new X509Certificate(pem));
  if (certificate && privateKey && !certificate.checkPrivateKey(privateKey)) {
    problems.push({ key: 'tls.key', message: `"${key}" is not the key of the certificate "${cert}"; expected its private key` });
  }
  if (problems.length > 0) throw new ConfigError(file ?? 'defaults', problems);
}
