/** What real mail servers get at each level of TLS, whatever certificate they show, and what the events say of it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { DAY, systemClock } from '#core';
import { openWorld, type WireEvent } from '../scenarios/support/world.js';
import type { FakeDnsEntry } from '../support/fake-dns.mjs';
import { freePort } from '../support/free-port.mjs';
import { tempDir } from '../support/temp-dir.mjs';
import { issue } from '../support/test-ca.js';
import { waitFor } from '../support/wait-for.mjs';
import { type StartDestination, startAiosmtpdDestination, startEximDestination, startPostfixDestination } from './support/destinations.js';

const now = systemClock.now();
const ca = issue({ name: 'Interop CA', isCa: true });
/** By destination; the exchangers of `good.test` are `mx.good.test` and, for mail that must not be encrypted, `mx.good.clear.test`. */
const CERTIFICATES = {
  without: undefined,
  good: issue({ name: 'mx.good.test', issuer: ca }),
  expired: issue({ name: 'mx.expired.test', issuer: ca, notBefore: now - 30 * DAY, notAfter: now - DAY }),
  wrong: issue({ name: 'mx.elsewhere.test', issuer: ca }),
};
type Certificate = keyof typeof CERTIFICATES;

const LEVELS = {
  none: {},
  may: {},
  encrypt: { 'o:require-tls': 'yes', 'o:skip-verification': 'yes' },
  verify: { 'o:require-tls': 'yes', 'o:skip-verification': 'no' },
};
type Level = keyof typeof LEVELS;

/** `clear`: delivered so; `encrypted`, `verified`: delivered over TLS, with a certificate that proves nothing or everything; `waits`: not delivered. */
type Expected = 'clear' | 'encrypted' | 'verified' | 'waits';

const TABLE: Record<Certificate, Record<Level, Expected>> = {
  without: { none: 'clear', may: 'clear', encrypt: 'waits', verify: 'waits' },
  good: { none: 'clear', may: 'verified', encrypt: 'verified', verify: 'verified' },
  expired: { none: 'clear', may: 'encrypted', encrypt: 'encrypted', verify: 'waits' },
  wrong: { none: 'clear', may: 'encrypted', encrypt: 'encrypted', verify: 'waits' },
};

const certificates = Object.keys(TABLE) as Certificate[];
const levels = Object.keys(LEVELS) as Level[];
const domainOf = (certificate: Certificate, level: Level) => `${certificate}${level === 'none' ? '.clear' : ''}.test`;

function seen({ event, severity, 'delivery-status': status }: WireEvent): Expected | string {
  if (event === 'failed')
    return severity === 'temporary' && status?.['enhanced-code'] === '4.7.5' ? 'waits' : `${severity} ${status?.message}`;
  if (status?.tls !== true) return 'clear';
  if (!/^TLS_|^ECDHE-/.test(status.cipher ?? '')) return `cipher ${status.cipher}`;
  return status['certificate-verified'] ? 'verified' : 'encrypted';
}

const SERVERS: [name: string, start: StartDestination][] = [
  ['Postfix', startPostfixDestination],
  ['Exim', startEximDestination],
  ['aiosmtpd', startAiosmtpdDestination],
];

test.each(SERVERS)('%s', async (name, start) => {
  const port = await freePort();
  const ipOf = (certificate: Certificate) => `127.0.7.${certificates.indexOf(certificate) + 1}`;
  const said = await start(certificates.map((one) => ({ ip: ipOf(one), port, certificate: CERTIFICATES[one] })));
  const folder = tempDir('mailwagon-ca-');
  onTestFinished(folder.cleanup);
  const [extraCa, shaping] = [join(folder.path, 'ca.pem'), join(folder.path, 'shaping.yaml')];
  writeFileSync(extraCa, ca.cert);
  writeFileSync(shaping, 'providers:\n  - { name: Clear, mx: [clear.test], tls: none }\n');
  const zones: Record<string, FakeDnsEntry> = {};
  for (const certificate of certificates) {
    for (const level of ['none', 'may'] as const) {
      const domain = domainOf(certificate, level);
      zones[domain] = { MX: [{ preference: 10, exchange: `mx.${domain}` }] };
      zones[`mx.${domain}`] = { A: [ipOf(certificate)] };
    }
  }
  const world = await openWorld({ config: { delivery: { port, extraCa }, shaping: { file: shaping } }, zones });

  const cells = certificates.flatMap((certificate) => levels.map((level) => ({ certificate, level })));
  for (const { certificate, level } of cells) await world.send({ to: `${level}@${domainOf(certificate, level)}`, ...LEVELS[level] });
  const events = await waitFor(
    async () => {
      const all = (await world.events()).filter(({ event }) => event !== 'accepted');
      return (
        cells.every(({ certificate, level }) => all.some(({ recipient }) => recipient === `${level}@${domainOf(certificate, level)}`)) &&
        all
      );
    },
    { timeoutMs: 20_000, what: `an outcome for each message to ${name}` },
  ).catch((error) => {
    throw new Error(`${error.message}\n${said()}`);
  });
  const outcome = (certificate: Certificate, level: Level) => {
    const found = events.find(({ recipient }) => recipient === `${level}@${domainOf(certificate, level)}`);
    return found === undefined ? 'nothing' : seen(found);
  };
  const table = Object.fromEntries(
    certificates.map((certificate) => [certificate, Object.fromEntries(levels.map((level) => [level, outcome(certificate, level)]))]),
  );
  expect(table, said()).toEqual(TABLE);
});
