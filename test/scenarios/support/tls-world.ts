/** A world whose destinations say what they demand of TLS: MTA-STS policies on a real HTTPS server, TLSA records in DNS, certificates of our own CA. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { FakeDnsEntry } from '../../support/fake-dns.mjs';
import { type PolicyHost, startPolicyHost } from '../../support/policy-host.js';
import type { ScriptedMxOptions } from '../../support/scripted-mx.mjs';
import { tempDir } from '../../support/temp-dir.mjs';
import { type Issued, issue } from '../../support/test-ca.js';
import { openWorld, type World } from './world.js';

export interface TlsWorldOptions {
  /** By domain: `enforce mx.dst.test`, a mode and the hosts it names. */
  policies?: Record<string, string>;
  zones?: Record<string, FakeDnsEntry>;
  mx?: ScriptedMxOptions;
  /** What the mail exchanger shows; a good certificate for mx.dst.test unless given. */
  certificate?: Issued;
  /** Of the configuration, beside what the world needs. */
  delivery?: Record<string, unknown>;
}

export interface TlsWorld extends World {
  policyHost: PolicyHost;
}

export const ca = issue({ name: 'Test CA', isCa: true });
export const good = issue({ name: 'mx.dst.test', issuer: ca });

export async function openTlsWorld({
  policies = {},
  zones = {},
  mx = {},
  certificate = good,
  delivery = {},
}: TlsWorldOptions): Promise<TlsWorld> {
  const domains = Object.keys(policies);
  const policyHost = await startPolicyHost(ca, [...domains, 'unused.test']);
  const folder = tempDir('mailwagon-ca-');
  const extraCa = join(folder.path, 'ca.pem');
  writeFileSync(extraCa, ca.cert);
  onTestFinished(async () => {
    await policyHost.close();
    folder.cleanup();
  });
  for (const [domain, text] of Object.entries(policies)) policyHost.policies[domain] = policyText(text);
  const world = await openWorld({
    mx: { tls: { cert: certificate.cert, key: certificate.key }, ...mx },
    config: { delivery: { extraCa, mtaStsPort: policyHost.port, ...delivery } },
    zones: {
      ...Object.fromEntries(
        domains.flatMap((domain): [string, FakeDnsEntry][] => [
          [`_mta-sts.${domain}`, { TXT: ['v=STSv1; id=1'] }],
          [`mta-sts.${domain}`, { A: ['127.0.0.1'] }],
        ]),
      ),
      ...zones,
    },
  });
  return { ...world, policyHost };
}

function policyText(words: string): string {
  const [mode, ...hosts] = words.split(' ');
  return ['version: STSv1', `mode: ${mode}`, ...hosts.map((host) => `mx: ${host}`), 'max_age: 604800', ''].join('\n');
}
