/** A real Postfix as smarthost: what each `tls` of a transport makes of each certificate, and the same as a fallback. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openWorld, type WireEvent } from '../scenarios/support/world.js';
import { freePort } from '../support/free-port.mjs';
import { startPostfix } from '../support/postfix.mjs';
import { tempDir } from '../support/temp-dir.mjs';
import { certificatesFor, issue } from '../support/test-ca.js';
import { need } from './support/peers.js';

const ca = issue({ name: 'Interop CA', isCa: true });
const CERTIFICATES = certificatesFor('localhost', ca);
type Certificate = keyof typeof CERTIFICATES;
type Tls = 'none' | 'may' | 'require' | 'verify' | 'implicit';
type Result = 'clear' | 'encrypted' | 'verified' | 'waits';

const TABLE: Record<Certificate, Partial<Record<Tls, Result>>> = {
  without: { none: 'clear', may: 'clear', require: 'waits', verify: 'waits' },
  good: { none: 'clear', may: 'verified', require: 'verified', verify: 'verified', implicit: 'verified' },
  expired: { none: 'clear', may: 'encrypted', require: 'encrypted', verify: 'waits', implicit: 'waits' },
  wrong: { none: 'clear', may: 'encrypted', require: 'encrypted', verify: 'waits', implicit: 'waits' },
};
const CELLS = Object.entries(TABLE).flatMap(([certificate, row]) =>
  Object.entries(row).map(([tls, expected]) => ({ certificate: certificate as Certificate, tls: tls as Tls, expected })),
);

/** Postfix on a port for each certificate, and on one more with TLS from the first byte. */
async function startRelay() {
  need('postconf', 'postfix');
  const ports = new Map<string, number>();
  const listeners: string[] = [];
  for (const [name, certificate] of Object.entries(CERTIFICATES)) {
    for (const wrapper of certificate === undefined ? ['no'] : ['no', 'yes']) {
      const port = await freePort();
      ports.set(`${name} ${wrapper}`, port);
      const tls =
        certificate === undefined
          ? '-o smtpd_tls_security_level=none'
          : `-o smtpd_tls_security_level=may -o smtpd_tls_wrappermode=${wrapper} -o smtpd_tls_chain_files=$config/${name}.pem`;
      listeners.push(`127.0.0.1:${port} inet n - n - - smtpd ${tls}`);
    }
  }
  const files = Object.fromEntries(
    Object.entries(CERTIFICATES).flatMap(([name, one]) => (one === undefined ? [] : [[`${name}.pem`, `${one.key}${one.cert}`]])),
  );
  const settings = { myhostname: 'relay.test', mynetworks: '127.0.0.0/8', default_transport: 'discard:', relay_transport: 'discard:' };
  const postfix = await startPostfix({ port: ports.get('without no') ?? 0, settings, files, listeners });
  onTestFinished(() => postfix.stop());
  return {
    log: postfix.log,
    portOf: (certificate: Certificate, tls: Tls) => ports.get(`${certificate} ${tls === 'implicit' ? 'yes' : 'no'}`) ?? 0,
  };
}

function seen({ event, severity, 'delivery-status': status }: WireEvent): Result | string {
  if (event === 'failed')
    return severity === 'temporary' && status?.['enhanced-code'] === '4.7.5' ? 'waits' : `${severity} ${status?.message}`;
  return status?.tls !== true ? 'clear' : status['certificate-verified'] ? 'verified' : 'encrypted';
}

test.each(['always', 'fallback'] as const)('a transport with when: %s', async (when) => {
  const relay = await startRelay();
  const folder = tempDir('mailwagon-ca-');
  onTestFinished(folder.cleanup);
  const extraCa = join(folder.path, 'ca.pem');
  writeFileSync(extraCa, ca.cert);
  const domainOf = ({ certificate, tls }: { certificate: Certificate; tls: Tls }) => `${certificate}-${tls}.test`;
  const transports = CELLS.map((cell) => ({
    ...{ match: domainOf(cell), when, host: 'localhost', port: relay.portOf(cell.certificate, cell.tls), tls: cell.tls },
  }));
  // Nobody listens on the port of the exchangers, so that a fallback is needed.
  const zones = Object.fromEntries(
    CELLS.flatMap((cell) => [
      [domainOf(cell), { MX: [{ preference: 10, exchange: `mx.${domainOf(cell)}` }] }],
      [`mx.${domainOf(cell)}`, { A: ['127.0.0.1'] }],
    ]),
  );
  const world = await openWorld({ config: { delivery: { port: await freePort(), transports, extraCa } }, zones });
  for (const cell of CELLS) await world.send({ to: `u@${domainOf(cell)}` });
  const waits = CELLS.filter(({ expected }) => expected === 'waits').length;
  const counts = { accepted: CELLS.length, delivered: CELLS.length - waits, 'failed temporary': waits };
  const events = (await world.waitForEvents(counts)).filter(({ event }) => event !== 'accepted');
  const found = Object.fromEntries(events.map((event) => [event.recipient, [seen(event), event['delivery-status']?.['mx-host']]]));
  expect(found, relay.log()).toEqual(Object.fromEntries(CELLS.map((cell) => [`u@${domainOf(cell)}`, [cell.expected, 'localhost']])));
});
