/** Opportunistic TLS: an exchanger whose TLS is broken gets the mail in clear, once; a sender who asks for TLS is obeyed. */
import { expect, test } from 'vitest';
import { makeSelfSignedCertificate } from '#net';
import { openWorld } from './support/world.js';

const certificate = await makeSelfSignedCertificate({ hostname: 'mx.dst.test', notBefore: Date.now() });
const tls = { cert: certificate.cert, key: certificate.key };

test('a certificate nobody vouches for is enough to encrypt', async () => {
  const world = await openWorld({ mx: { tls } });
  await world.send();
  const events = await world.waitForEvents({ accepted: 1, delivered: 1 });
  expect(events[1]?.['delivery-status']).toMatchObject({ tls: true, 'certificate-verified': false });
  expect(world.mx.messages).toMatchObject([{ tls: true }]);
});

test('a handshake that fails is followed by one delivery in clear', async () => {
  const world = await openWorld({ mx: { tls, script: { handshake: 'close' } } });
  await world.send();
  const events = await world.waitForEvents({ accepted: 1, delivered: 1 });
  expect(events[1]?.['delivery-status']).toMatchObject({ tls: false, 'attempt-no': 1 });
  expect(world.mx.messages).toMatchObject([{ tls: false }]);
  expect(world.mx.sessions).toHaveLength(2);
});

test('with o:require-tls it is not sent in clear', async () => {
  const world = await openWorld({ mx: { tls, script: { handshake: 'close' } } });
  await world.send({ 'o:require-tls': 'yes', 'o:skip-verification': 'yes' });
  await world.waitForEvents({ accepted: 1, 'failed temporary': 1 });
  expect(world.mx.attempts).toEqual([]);
});
