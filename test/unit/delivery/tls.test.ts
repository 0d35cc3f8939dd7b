import { X509Certificate } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#core';
import type { DeliveryOptions } from '#delivery';
import { type CertificatePair, type DaneQuestion, type DaneResult, makeSelfSignedCertificate } from '#net';
import { type ScriptedMx, type ScriptedMxOptions, startScriptedMx } from '../../support/scripted-mx.mjs';
import { type Harness, makeHarness, QUICK } from './support/harness.js';

const DAY = 86_400_000;
const pair = (hostname: string, notBefore = systemClock.now() - DAY, days = 365) =>
  makeSelfSignedCertificate({ hostname, notBefore, days });

let good: CertificatePair;
let expired: CertificatePair;
let elsewhere: CertificatePair;
let mx: ScriptedMx;
let harness: Harness;

beforeAll(async () => {
  [good, expired, elsewhere] = await Promise.all([
    pair('mx.dst.test'),
    pair('mx.dst.test', systemClock.now() - 10 * DAY, 5),
    pair('mx.other.test'),
  ]);
});
afterEach(async () => {
  await harness.delivery.stop(0);
  await mx.close();
});

async function start(options: ScriptedMxOptions, delivery: Partial<DeliveryOptions> = {}): Promise<void> {
  mx = await startScriptedMx(options);
  harness = makeHarness({ port: mx.port, ...delivery });
}

/** Peers whose TLS is bad in a way that shows in the handshake, and what opportunistic delivery makes of each. */
const BAD_PEERS: [name: string, options: () => ScriptedMxOptions, opportunistic: 'tls' | 'clear'][] = [
  ['self-signed certificate', () => ({ tls: good }), 'tls'],
  ['expired certificate', () => ({ tls: expired }), 'tls'],
  ['certificate of another host', () => ({ tls: elsewhere }), 'tls'],
  ['TLS 1.0 only', () => ({ tls: { ...good, minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } }), 'tls'],
  [
    'no shared cipher',
    () => ({ tls: { ...good, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' } }),
    'clear',
  ],
  ['stalled handshake', () => ({ tls: good, script: { handshake: 'silence' } }), 'clear'],
  ['close after ClientHello', () => ({ tls: good, script: { handshake: 'close' } }), 'clear'],
  ['plain text after STARTTLS', () => ({ tls: good, script: { handshake: '250 nonsense' } }), 'clear'],
  ['454 to STARTTLS', () => ({ tls: good, script: { starttls: '454 4.7.0 not now' } }), 'clear'],
];

describe.each(BAD_PEERS)('a peer with: %s', (name, options, opportunistic) => {
  it(`gets opportunistic mail in ${opportunistic}`, async () => {
    await start(options(), name.startsWith('stalled') ? { timeouts: QUICK } : {});
    const [settled] = await harness.send();
    expect(settled?.event['delivery-status']).toMatchObject({ code: 250, tls: opportunistic === 'tls', 'certificate-verified': false });
    expect(mx.messages.map(({ tls }) => tls)).toEqual([opportunistic === 'tls']);
    expect(mx.sessions.length).toBe(opportunistic === 'tls' ? 1 : 2);
  });

  it('never gets mail that must be verified', async () => {
    await start(options(), name.startsWith('stalled') ? { timeouts: QUICK } : {});
    const [settled] = await harness.send({ options: { requireTls: true } });
    expect(settled?.verdict.kind).toBe('defer');
    expect(settled?.event['delivery-status']).toMatchObject({ code: 421, 'enhanced-code': '4.7.5' });
    expect(settled?.event['delivery-status'].message).toMatch(
      /^4\.7\.5 TLS with a valid certificate is required, but mx\.dst\.test cannot: /,
    );
    expect(mx.attempts).toEqual([]);
    expect(mx.sessions.length).toBe(1);
  });

  it('gets mail that must be encrypted only over modern TLS', async () => {
    await start(options(), name.startsWith('stalled') ? { timeouts: QUICK } : {});
    const [settled] = await harness.send({ options: { requireTls: true, skipVerification: true } });
    const works = opportunistic === 'tls' && !name.startsWith('TLS 1.0');
    expect(settled?.verdict.kind).toBe(works ? 'done' : 'defer');
    expect(mx.attempts.every(({ tls }) => tls)).toBe(true);
  });
});

describe('TLS that works', () => {
  it('is verified against the name of the mail exchanger, which is sent as SNI', async () => {
    await start({ tls: good }, { extraCa: [good.cert] });
    const [settled] = await harness.send({ options: { requireTls: true } });
    expect(settled?.event['delivery-status']).toMatchObject({ code: 250, tls: true, 'certificate-verified': true });
    expect(mx.sessions[0]?.servername).toBe('mx.dst.test');
  });

  it('is required by asking for it: a peer without STARTTLS gets nothing', async () => {
    await start({});
    const [settled] = await harness.send({ options: { requireTls: true, skipVerification: true } });
    expect(settled?.event['delivery-status']).toMatchObject({ code: 421, 'enhanced-code': '4.7.5' });
    expect(mx.attempts).toEqual([]);
  });

  it('a host whose TLS is broken is not asked again for a while', async () => {
    await start({ tls: good, script: { handshake: 'close' } });
    await harness.send();
    mx.script = { mail: ['421 4.3.2 bye', 'default'] };
    mx.clear();
    await harness.send();
    expect(mx.sessions.flatMap(({ commands }) => commands).filter((line) => line.startsWith('STARTTLS'))).toEqual([]);
  });

  it('plain text injected behind the 220 of STARTTLS is not believed', async () => {
    await start({ tls: good, script: { starttls: '220 go\r\n250-EVIL\r\n250 SIZE 1' } });
    const [settled] = await harness.send();
    expect(settled?.verdict.kind).toBe('done');
    expect(mx.messages[0]?.tls).toBe(true);
  });
});

describe('a smarthost', () => {
  const login = { user: 'relay', pass: 's3cret pass' };
  const transport = (tls: 'none' | 'may' | 'require' | 'verify' | 'implicit') => ({
    transports: [{ match: '*', host: '127.0.0.1', port: mx.port, tls, login: login.user, password: login.pass }],
  });

  it.each(['may', 'require'] as const)('gets the password over TLS (%s)', async (tls) => {
    mx = await startScriptedMx({ tls: good, auth: login });
    harness = makeHarness({ port: 1, ...transport(tls) });
    const [settled] = await harness.send();
    expect(settled?.event['delivery-status']).toMatchObject({ code: 250, 'mx-host': '127.0.0.1', tls: true });
    expect(mx.messages).toMatchObject([{ auth: 'relay', tls: true }]);
  });

  it('never gets the password in clear unless the operator says so', async () => {
    mx = await startScriptedMx({ auth: login });
    harness = makeHarness({ port: 1, ...transport('may') });
    const [settled] = await harness.send();
    expect(settled?.verdict.kind).toBe('defer');
    expect(mx.sessions[0]?.received.toString()).not.toContain('AUTH PLAIN');
    await harness.delivery.stop(0);
    harness = makeHarness({ port: 1, ...transport('none') });
    await harness.send();
    expect(mx.messages).toMatchObject([{ auth: 'relay', tls: false }]);
  });

  it('with TLS from the first byte must show a certificate for its name', async () => {
    const address = await makeSelfSignedCertificate({ hostname: '127.0.0.1', notBefore: systemClock.now() - DAY });
    mx = await startScriptedMx({ tls: address, implicitTls: true, auth: login });
    harness = makeHarness({ port: 1, ...transport('implicit') });
    const [refused] = await harness.send();
    expect(refused?.event['delivery-status']).toMatchObject({ 'enhanced-code': '4.7.5' });
    await harness.delivery.stop(0);
    harness = makeHarness({ port: 1, ...transport('implicit'), extraCa: [address.cert] });
    const [settled] = await harness.send();
    expect(settled?.event['delivery-status']).toMatchObject({ code: 250, tls: true, 'certificate-verified': true });
    expect(mx.messages).toMatchObject([{ auth: 'relay', tls: true }]);
  });

  it('that refuses the login keeps the mail waiting, and its password out of the event', async () => {
    mx = await startScriptedMx({ tls: good, auth: { user: 'relay', pass: 'another' } });
    harness = makeHarness({ port: 1, ...transport('require') });
    const [settled] = await harness.send();
    expect(settled?.verdict.kind).toBe('defer');
    expect(settled?.event['delivery-status'].code).toBe(535);
    expect(JSON.stringify(settled)).not.toContain('s3cret');
  });
});

describe('of several hosts', () => {
  const zones = {
    'dst.test': { mx: ['mx1.dst.test', 'mx2.dst.test'] },
    'mx1.dst.test': { a: ['127.0.0.1'] },
    'mx2.dst.test': { a: ['127.0.0.1'] },
  };
  const sts = (...hosts: string[]) => ({ policyFor: async () => ({ mode: 'enforce' as const, mx: hosts, id: '1', expiresAt: 1e15 }) });
  const dane = (host: string, result: DaneResult) => ({
    daneFor: async ({ mxHost }: DaneQuestion): Promise<DaneResult> => (mxHost === host ? result : { kind: 'none' }),
  });
  const tlsaOf = ({ cert }: CertificatePair) => new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });

  it('one whose TLSA records cannot be looked up is left out', async () => {
    mx = await startScriptedMx({ tls: good });
    const failed = { kind: 'failed', reason: 'servfail', text: 'TLSA lookup of mx1.dst.test failed: servfail' } as const;
    harness = makeHarness({ port: mx.port, dane: dane('mx1.dst.test', failed) }, zones);
    const [settled] = await harness.send();
    expect(settled?.event['delivery-status']).toMatchObject({ code: 250, 'mx-host': 'mx2.dst.test' });
  });

  it('one with another certificate than its TLSA records allow is followed by the next', async () => {
    mx = await startScriptedMx({ tls: good });
    const record = { usage: 3, selector: 1, matchingType: 0, certificate: tlsaOf(elsewhere) };
    const records: DaneResult = { kind: 'tlsa', records: [record], baseName: 'mx1.dst.test', names: ['mx1.dst.test'] };
    harness = makeHarness({ port: mx.port, dane: dane('mx1.dst.test', records) }, zones);
    const [settled] = await harness.send();
    expect(settled?.event['delivery-status']).toMatchObject({ code: 250, 'mx-host': 'mx2.dst.test', 'certificate-verified': false });
  });

  it('TLSA records that cannot be used ask for TLS, with any certificate', async () => {
    mx = await startScriptedMx({});
    const zone = { 'dst.test': { mx: ['mx1.dst.test'] }, 'mx1.dst.test': { a: ['127.0.0.1'] } };
    harness = makeHarness({ port: mx.port, dane: dane('mx1.dst.test', { kind: 'unusable', baseName: 'mx1.dst.test' }) }, zone);
    const [settled] = await harness.send();
    expect(settled?.event['delivery-status'].message).toMatch(
      /^4\.7\.5 TLS is required by the unusable TLSA records of mx1\.dst\.test, but mx1\.dst\.test cannot/,
    );
    expect(mx.attempts).toEqual([]);
  });

  it('what became of one that was tried is told before one that the policy leaves out', async () => {
    mx = await startScriptedMx({ tls: good, script: { banner: '421 4.3.2 busy' } });
    harness = makeHarness({ port: mx.port, mtaSts: sts('mx1.dst.test') }, zones);
    const [settled] = await harness.send();
    expect(settled?.verdict.kind).toBe('defer');
    expect(settled?.event['delivery-status']).toMatchObject({ code: 421, message: '4.3.2 busy', 'mx-host': 'mx1.dst.test' });
    expect(mx.sessions).toHaveLength(1);
  });

  it('a domain that DANE keeps from them holds up no other domain there', async () => {
    mx = await startScriptedMx({ tls: good });
    const record = { usage: 3, selector: 1, matchingType: 0, certificate: tlsaOf(elsewhere) };
    const shared = { mx: ['mx.dst.test'] };
    const onlySigned = {
      daneFor: async ({ nextHop, mxHost }: DaneQuestion): Promise<DaneResult> =>
        nextHop === 'signed.test' ? { kind: 'tlsa', records: [record], baseName: mxHost, names: [mxHost] } : { kind: 'none' },
    };
    harness = makeHarness({ port: mx.port, dane: onlySigned }, { 'signed.test': shared, 'unsigned.test': shared });
    const kept = await harness.send({}, ...Array.from({ length: 30 }, (_, index) => `r${index}@signed.test`));
    expect(kept.map(({ verdict }) => verdict.kind)).toEqual(kept.map(() => 'defer'));
    const [settled] = await harness.send({}, 'b@unsigned.test');
    expect(settled?.event['delivery-status']).toMatchObject({ code: 250 });
  });
});
