/** DANE (RFC 7672): where DNSSEC vouches for TLSA records, they say which certificate a host must show, and nobody else does. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { FakeDnsEntry } from '../support/fake-dns.mjs';
import { issue } from '../support/test-ca.js';
import { openTlsWorld } from './support/tls-world.js';

/** Nobody vouches for it but the TLSA record. */
const own = issue({ name: 'whoever.test' });
const another = issue({ name: 'mx.dst.test' });
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
/** What a resolver that validates says of a signed zone. The port of the scripted exchanger is known only once the world is open. */
const signed = (ad: boolean): Record<string, FakeDnsEntry> => ({
  'dst.test': { MX: [{ preference: 10, exchange: 'mx.dst.test' }], ad },
  'mx.dst.test': { A: ['127.0.0.1'], ad },
});
const record = (spki: Buffer) => ({ usage: 3, selector: 1, matchingType: 1, certificate: sha256(spki) });

async function openDaneWorld({ ad = true, spki = own.spki, tls = true }) {
  const world = await openTlsWorld({ certificate: own, zones: signed(ad), mx: tls ? {} : { tls: undefined } });
  world.dns.set(`_${world.mx.port}._tcp.mx.dst.test`, { TLSA: [record(spki)], ad });
  return world;
}

test('a certificate that matches is verified, whoever issued it and whatever its name', async () => {
  const world = await openDaneWorld({});
  await world.send();
  const events = await world.waitForEvents({ accepted: 1, delivered: 1 });
  expect(events[1]?.['delivery-status']).toMatchObject({ tls: true, 'certificate-verified': true });
});

test('another certificate gets no mail', async () => {
  const world = await openDaneWorld({ spki: another.spki });
  await world.send();
  const events = await world.waitForEvents({ accepted: 1, 'failed temporary': 1 });
  expect(events[1]?.['delivery-status']).toMatchObject({
    code: 421,
    'enhanced-code': '4.7.5',
    message:
      '4.7.5 TLS with a valid certificate is required by the TLSA records of mx.dst.test, but mx.dst.test cannot: the certificate is not the one in the TLSA records',
  });
  expect(world.mx.attempts).toEqual([]);
});

test('a host with TLSA records that offers no TLS gets no mail', async () => {
  const world = await openDaneWorld({ tls: false });
  await world.send();
  await world.waitForEvents({ accepted: 1, 'failed temporary': 1 });
  expect(world.mx.attempts).toEqual([]);
});

test('a look-up of TLSA records that fails keeps the mail waiting: whoever makes it fail gains nothing', async () => {
  const world = await openDaneWorld({});
  world.dns.set(`_${world.mx.port}._tcp.mx.dst.test`, 'servfail');
  await world.send();
  const events = await world.waitForEvents({ accepted: 1, 'failed temporary': 1 });
  expect(events[1]?.['delivery-status']?.message).toBe('4.7.5 TLSA lookup of mx.dst.test failed: servfail');
  expect(world.mx.connections.total).toBe(0);
});

test('records that nobody vouches for mean nothing', async () => {
  const world = await openDaneWorld({ ad: false, spki: another.spki });
  await world.send();
  const events = await world.waitForEvents({ accepted: 1, delivered: 1 });
  expect(events[1]?.['delivery-status']).toMatchObject({ tls: true, 'certificate-verified': false });
  expect(world.dns.count(`_${world.mx.port}._tcp.mx.dst.test`)).toBe(0);
});
