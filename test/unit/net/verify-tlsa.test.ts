import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { DAY, systemClock } from '#core';
import { makeClientTls, makeSelfSignedCertificate, peerChain, type TlsaRecord, verifyTlsa } from '#net';
import { subjectPublicKeyInfo } from '#net/tls/verify-tlsa.js';
import { type CertificateOptions, type Issued, issue } from '../../support/test-ca.js';

const now = systemClock.now();
const root = issue({ name: 'Root', isCa: true });
const middle = issue({ name: 'Middle', issuer: root, isCa: true });
const leaf = issue({ name: 'mx.dst.test', issuer: middle, dnsNames: ['mx.dst.test', '*.wild.test'] });
const stranger = issue({ name: 'stranger.test' });

const x509 = (...issued: Issued[]) => issued.map(({ der }) => new X509Certificate(der));
const CHAIN = x509(leaf, middle, root);

function tlsa(usage: number, selector: number, matchingType: number, of: Issued): TlsaRecord {
  const selected = selector === 0 ? of.der : of.spki;
  const hash = matchingType === 1 ? 'sha256' : 'sha512';
  return { usage, selector, matchingType, certificate: matchingType === 0 ? selected : createHash(hash).update(selected).digest() };
}

const everyForm = [0, 1].flatMap((selector) => [0, 1, 2].map((matching): [number, number] => [selector, matching]));

describe.each(everyForm)('selector %i, matching type %i', (selector, matching) => {
  it('of the certificate itself matches it, whatever its names', () => {
    expect(verifyTlsa([tlsa(3, selector, matching, leaf)], CHAIN, ['other.test'], now)).toEqual({ kind: 'match', usage: 3 });
    expect(verifyTlsa([tlsa(3, selector, matching, stranger)], CHAIN, ['mx.dst.test'], now)).toMatchObject({ kind: 'mismatch' });
  });

  it('of any authority above it matches, for one of the names', () => {
    for (const anchor of [middle, root]) {
      const records = [tlsa(2, selector, matching, anchor)];
      expect(verifyTlsa(records, CHAIN, ['dst.test', 'mx.dst.test'], now)).toEqual({ kind: 'match', usage: 2 });
      expect(verifyTlsa(records, CHAIN, ['a.wild.test'], now)).toEqual({ kind: 'match', usage: 2 });
      expect(verifyTlsa(records, CHAIN, ['dst.test'], now)).toEqual({ kind: 'mismatch', reason: 'the certificate is not for dst.test' });
    }
  });

  it('of an authority that was not sent counts only when the record holds it whole', () => {
    const verdict = verifyTlsa([tlsa(2, selector, matching, root)], x509(leaf, middle), ['mx.dst.test'], now);
    expect(verdict.kind).toBe(matching === 0 ? 'match' : 'mismatch');
  });
});

describe('an own certificate', () => {
  it('may be out of date (RFC 7672 3.1.1)', () => {
    const old = issue({ name: 'mx.dst.test', notBefore: 0, notAfter: DAY });
    expect(verifyTlsa([tlsa(3, 1, 1, old)], x509(old), [], now)).toEqual({ kind: 'match', usage: 3 });
  });

  it('counts when one of several records names it', () => {
    expect(verifyTlsa([tlsa(3, 1, 1, stranger), tlsa(2, 0, 1, stranger), tlsa(3, 0, 2, leaf)], CHAIN, [], now)).toMatchObject({ usage: 3 });
  });

  it('is not what an authority record means', () => {
    expect(verifyTlsa([tlsa(2, 1, 1, leaf)], CHAIN, ['mx.dst.test'], now)).toMatchObject({ kind: 'mismatch' });
    expect(verifyTlsa([tlsa(3, 1, 1, root)], CHAIN, ['mx.dst.test'], now)).toMatchObject({ kind: 'mismatch' });
  });
});

describe('a chain', () => {
  const build = (below: Partial<CertificateOptions>, above: Partial<CertificateOptions> = {}) => {
    const between = issue({ name: 'Between', issuer: root, isCa: true, ...above });
    return x509(issue({ name: 'mx.dst.test', issuer: between, ...below }), between, root);
  };
  const late = { notBefore: now - 3 * DAY, notAfter: now - DAY };
  it.each<[string, X509Certificate[], string]>([
    ['is fine', build({}), ''],
    ['with a forged certificate', build({ forged: true }), 'broken'],
    ['with a forged authority', build({}, { forged: true }), 'broken'],
    ['with an authority that may not sign', build({}, { isCa: false }), 'broken'],
    ['with an expired certificate', build(late), 'out of date'],
    ['with an expired authority', build({}, late), 'out of date'],
    ['with a certificate of tomorrow', build({ notBefore: now + DAY }), 'out of date'],
    ['that misses a link', x509(leaf, root), 'broken'],
    ['that goes elsewhere', x509(stranger, root), 'broken'],
    ['that was never sent', [], 'no certificate'],
    ['without the anchor', x509(leaf, middle), 'no certificate of the chain'],
  ])('%s', (_what, chain, why) => {
    const verdict = verifyTlsa([tlsa(2, 0, 1, root)], chain, ['mx.dst.test'], now);
    if (why === '') expect(verdict).toEqual({ kind: 'match', usage: 2 });
    else expect(verdict).toEqual({ kind: 'mismatch', reason: expect.stringContaining(why) });
  });

  it('may end in an anchor that is out of date, whether it was sent or not', () => {
    const oldRoot = issue({ name: 'Old root', isCa: true, ...late });
    const below = issue({ name: 'mx.dst.test', issuer: oldRoot });
    const verdicts = [
      verifyTlsa([tlsa(2, 0, 1, oldRoot)], x509(below, oldRoot), ['mx.dst.test'], now),
      verifyTlsa([tlsa(2, 0, 0, oldRoot)], x509(below), ['mx.dst.test'], now),
    ];
    expect(verdicts).toEqual([
      { kind: 'match', usage: 2 },
      { kind: 'match', usage: 2 },
    ]);
  });

  it('whose anchor is a key that did not sign it, or no key at all, is refused', () => {
    const garbage = { usage: 2, selector: 1, matchingType: 0, certificate: Buffer.from('no key') };
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const other = { ...garbage, certificate: publicKey.export({ type: 'spki', format: 'der' }) };
    for (const record of [garbage, other]) expect(verifyTlsa([record], x509(leaf, middle), ['mx.dst.test'], now).kind).toBe('mismatch');
  });
});

describe('the key of a certificate', () => {
  it('is cut out byte for byte', async () => {
    for (const issued of [root, leaf]) expect(subjectPublicKeyInfo(issued.der)).toEqual(issued.spki);
    const other = new X509Certificate((await makeSelfSignedCertificate({ hostname: 'mx.test', notBefore: now })).cert);
    expect(subjectPublicKeyInfo(other.raw)).toEqual(other.publicKey.export({ type: 'spki', format: 'der' }));
  });
});

describe('peerChain', () => {
  let chain: string[] = [];
  beforeAll(async () => {
    const server = createServer({ cert: `${leaf.cert}${middle.cert}${root.cert}`, key: leaf.key }, (socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const socket = connect({ host: '127.0.0.1', port, ...makeClientTls()('dane', 'mx.dst.test') });
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    chain = [...peerChain(socket), ...peerChain(socket)].map(({ raw }) => raw.toString('hex'));
    expect(verifyTlsa([tlsa(2, 1, 1, root)], peerChain(socket), ['mx.dst.test'], now)).toMatchObject({ kind: 'match' });
    socket.destroy();
    server.close();
  });

  it('gives what the peer sent, the same each time', () => {
    const sent = [leaf, middle, root].map(({ der }) => der.toString('hex'));
    expect(chain).toEqual([...sent, ...sent]);
  });
});
