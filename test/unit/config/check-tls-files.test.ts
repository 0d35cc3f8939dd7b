import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkTlsFiles, loadConfig } from '#config';
import { systemClock } from '#core';
import { makeSelfSignedCertificate } from '#net';
import { tempDir } from '../../support/temp-dir.mjs';

let dir: string;
let cleanup: () => void;

beforeAll(async () => {
  ({ path: dir, cleanup } = tempDir('mailwagon-tls-'));
  const pair = await makeSelfSignedCertificate({ hostname: 'mail.example.com', notBefore: systemClock.now() });
  writeFileSync(join(dir, 'good.crt'), pair.cert);
  writeFileSync(join(dir, 'good.key'), pair.key);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(join(dir, 'other.key'), privateKey.export({ format: 'pem', type: 'pkcs8' }));
});
afterAll(() => cleanup());

function check(cert: string, key: string) {
  const file = join(dir, 'config.yaml');
  writeFileSync(file, `tls:\n  cert: ${cert}\n  key: ${key}\n`);
  checkTlsFiles(loadConfig({ file, env: { noColor: true } }));
}

describe('checkTlsFiles', () => {
  it('accepts a certificate with its key', () => {
    expect(() => check('good.crt', 'good.key')).not.toThrow();
  });

  it('refuses the key of another certificate', () => {
    expect(() => check('good.crt', 'other.key')).toThrow('is not the key of the certificate');
  });

  it('names both files when both are wrong', () => {
    expect(() => check('nowhere.crt', 'good.crt')).toThrow(
      /line 2, tls\.cert: .*there is no such file.*\n.*line 3, tls\.key: .*expected an unencrypted private key/,
    );
  });
});
