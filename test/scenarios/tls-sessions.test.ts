/** A second connection to the same host goes on with the TLS session of the first, and says of its certificate what the first found. */
import type { SecureVersion } from 'node:tls';
import { expect, test } from 'vitest';
import { good, openTlsWorld } from './support/tls-world.js';

const versions: SecureVersion[] = ['TLSv1.2', 'TLSv1.3'];

test.each(versions)('with %s', async (version) => {
  const tls = { cert: good.cert, key: good.key, minVersion: version, maxVersion: version };
  const world = await openTlsWorld({ mx: { tls, script: { dot: { reply: '250 2.0.0 Ok', close: true } } } });
  await world.send();
  await world.waitForEvents({ accepted: 1, delivered: 1 });
  await world.send();
  const events = await world.waitForEvents({ accepted: 2, delivered: 2 });
  expect(world.mx.sessions).toMatchObject([
    { tlsVersion: version, tlsResumed: false },
    { tlsVersion: version, tlsResumed: true },
  ]);
  const delivered = events.filter(({ event }) => event === 'delivered');
  expect(new Set(delivered.map((event) => event['delivery-status']?.cipher)).size).toBe(1);
  expect(delivered[0]?.['delivery-status']?.cipher).toMatch(version === 'TLSv1.3' ? /^TLS_AES_/ : /^ECDHE-/);
  for (const event of delivered) expect(event['delivery-status']).toMatchObject({ tls: true, 'certificate-verified': true });
});

test('a session made without asking for a certificate does not stand in for one', async () => {
  const world = await openTlsWorld({
    mx: { tls: { cert: good.cert, key: good.key }, script: { dot: { reply: '250 2.0.0 Ok', close: true } } },
  });
  await world.send();
  await world.waitForEvents({ accepted: 1, delivered: 1 });
  await world.send({ 'o:require-tls': 'yes' });
  await world.waitForEvents({ accepted: 2, delivered: 2 });
  expect(world.mx.sessions.map(({ tlsResumed }) => tlsResumed)).toEqual([false, false]);
});
