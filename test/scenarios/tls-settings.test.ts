/** `require_tls` and `skip_verification`: set for the domain, overridden by the message, obeyed at the handshake. */
import { expect, test } from 'vitest';
import { issue } from '../support/test-ca.js';
import { ca, good, openTlsWorld, type TlsWorld } from './support/tls-world.js';

const bad = issue({ name: 'mx.elsewhere.test', issuer: ca });
type Switch = 'yes' | 'no';
type Setting = [requireTls: Switch, skipVerification: Switch];
type Result = 'clear' | 'encrypted' | 'verified' | 'waits';

/** What a message under these settings gets from an exchanger without TLS, with a bad certificate, and with a good one. */
const ROWS: [setting: Setting, without: Result, bad: Result, good: Result][] = [
  [['no', 'no'], 'clear', 'encrypted', 'verified'],
  [['no', 'yes'], 'clear', 'encrypted', 'verified'],
  [['yes', 'no'], 'waits', 'waits', 'verified'],
  [['yes', 'yes'], 'waits', 'encrypted', 'verified'],
];
const PEERS = { without: undefined, bad, good };

async function result(world: TlsWorld, messageId: string): Promise<Result | string> {
  const events = (await world.events()).filter(({ event, message }) => event !== 'accepted' && message.headers['message-id'] === messageId);
  const [{ event, severity, 'delivery-status': status } = { event: 'nothing' }] = events;
  if (event === 'failed') return severity === 'temporary' && status?.['enhanced-code'] === '4.7.5' ? 'waits' : `${status?.message}`;
  return status?.tls !== true ? 'clear' : status['certificate-verified'] ? 'verified' : 'encrypted';
}

test.each(Object.keys(PEERS) as (keyof typeof PEERS)[])('an exchanger with this certificate: %s', async (peer) => {
  const shown = PEERS[peer];
  const world = await openTlsWorld({ mx: { tls: shown && { cert: shown.cert, key: shown.key } } });
  const expected = ROWS.map(([setting, ...results]) => [setting.join(), results[Object.keys(PEERS).indexOf(peer)]]);
  const sent: { setting: string; byDomain: string; byMessage: string }[] = [];
  for (const [[requireTls, skip], [otherRequireTls, otherSkip]] of ROWS.map(
    ([setting], index) => [setting, ROWS[3 - index]?.[0] ?? setting] as const,
  )) {
    const form = { require_tls: requireTls === 'yes' ? 'true' : 'false', skip_verification: skip === 'yes' ? 'true' : 'false' };
    expect((await world.server.api('PUT', '/v3/domains/src.test/connection', { form })).status).toBe(200);
    sent.push({
      setting: [requireTls, skip].join(),
      byDomain: await world.send(),
      // The other way round than the domain, and as the row that this stands for.
      byMessage: await world.send({ 'o:require-tls': otherRequireTls, 'o:skip-verification': otherSkip }),
    });
  }
  const outcomes = expected.flatMap(([, outcome]) => [outcome, outcome]);
  const waits = outcomes.filter((outcome) => outcome === 'waits').length;
  const counts = { delivered: 8 - waits, 'failed temporary': waits };
  await world.waitForEvents({ accepted: 8, ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)) });
  const byDomain = await Promise.all(sent.map(async ({ setting, byDomain: id }) => [setting, await result(world, id)]));
  const byMessage = await Promise.all(sent.map(async ({ byMessage: id }, index) => [sent[3 - index]?.setting, await result(world, id)]));
  expect(byDomain).toEqual(expected);
  expect(byMessage.reverse()).toEqual(expected);
});
