import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type TlsOptions } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { DAY, systemClock } from '#core';
import { type DaneResult, decideTlsLevel, makeClientTls, type StsMode, type StsPolicy, type TlsPolicyInput } from '#net';
import { type Issued, issue } from '../../support/test-ca.js';

type Configured = TlsPolicyInput['configured'];
const mxHost = 'mx.dst.test';
const sts = (mode: StsMode, ...mx: string[]): StsPolicy => ({ mode, mx: mx.length > 0 ? mx : ['*.dst.test'], id: '1', expiresAt: 0 });
const records = [{ usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32) }];
const DANE = {
  tlsa: { kind: 'tlsa', records, baseName: 'real.test', names: ['real.test', mxHost, 'dst.test'] },
  unusable: { kind: 'unusable', baseName: 'real.test' },
  none: { kind: 'none' },
  failed: { kind: 'failed', reason: 'servfail', text: 'TLSA lookup of mx.dst.test failed: servfail' },
} as const satisfies Record<string, DaneResult>;

describe('the level', () => {
  const every: Configured[] = ['none', 'may', 'encrypt', 'verify'];

  it.each(every)('is the one configured (%s) when nobody else asks for more', (configured) => {
    for (const policy of [undefined, sts('testing'), sts('testing', 'other.test'), sts('none')]) {
      for (const dane of [undefined, DANE.none]) {
        const decision = decideTlsLevel({ configured, sts: policy, dane, mxHost });
        expect(decision).toEqual({
          level: configured,
          servername: mxHost,
          verifyNames: configured === 'verify' ? [mxHost] : [],
          skipHost: false,
          byDane: false,
          reason: 'the sender or the configuration',
        });
      }
    }
  });

  const table: [Configured, StsPolicy | undefined, keyof typeof DANE, string, boolean][] = [
    ['may', sts('enforce'), 'none', 'verify', false],
    ['encrypt', sts('enforce'), 'none', 'verify', false],
    ['verify', sts('enforce'), 'none', 'verify', false],
    ['none', sts('enforce'), 'none', 'verify', false],
    ['may', undefined, 'tlsa', 'dane', false],
    ['encrypt', undefined, 'tlsa', 'dane', false],
    ['verify', undefined, 'tlsa', 'dane', false],
    ['may', sts('enforce'), 'tlsa', 'dane', false],
    ['may', sts('testing', 'other.test'), 'tlsa', 'dane', false],
    ['may', undefined, 'unusable', 'encrypt', false],
    ['encrypt', undefined, 'unusable', 'encrypt', false],
    ['verify', undefined, 'unusable', 'verify', false],
    ['may', sts('enforce'), 'unusable', 'verify', false],
    ['may', undefined, 'failed', 'may', true],
    ['verify', sts('enforce'), 'failed', 'verify', true],
    ['may', sts('enforce', 'other.test'), 'none', 'verify', true],
    ['verify', sts('enforce', 'other.test'), 'tlsa', 'verify', true],
    ['may', sts('enforce', '*.mx.dst.test', 'dst.test'), 'none', 'verify', true],
  ];
  it.each(table)('%s with %o and DANE %#: see table', (configured, policy, dane, level, skipHost) => {
    expect(decideTlsLevel({ configured, sts: policy, dane: DANE[dane], mxHost })).toMatchObject({ level, skipHost });
  });

  it('of DANE comes with its records, its name for SNI and its names for the certificate', () => {
    expect(decideTlsLevel({ configured: 'may', dane: DANE.tlsa, mxHost })).toEqual({
      level: 'dane',
      servername: 'real.test',
      verifyNames: ['real.test', mxHost, 'dst.test'],
      tlsa: records,
      skipHost: false,
      byDane: true,
      reason: 'the TLSA records of real.test',
    });
  });

  it('comes with the reason for it', () => {
    expect(decideTlsLevel({ configured: 'may', sts: sts('enforce'), mxHost }).reason).toBe('the MTA-STS policy of the domain');
    expect(decideTlsLevel({ configured: 'may', sts: sts('enforce', 'a.test'), mxHost }).reason).toBe(
      "mx.dst.test is not in the domain's MTA-STS policy",
    );
    expect(decideTlsLevel({ configured: 'may', dane: DANE.failed, mxHost }).reason).toBe(DANE.failed.text);
  });
});

/**
 * The table of the manual's page on TLS connection settings. `clear`: sent without TLS. One cell is stricter here: where neither setting is
 * on and the certificate is bad, the manual says that no TLS connection is set up and mail goes in clear; here it stays encrypted, unverified,
 * which an active attacker gains nothing from and a passive one loses by.
 */
describe('the two settings', () => {
  const ca = issue({ name: 'Authority', isCa: true });
  const peers: Record<string, { issued: Issued; options?: TlsOptions } | undefined> = {
    'no STARTTLS': undefined,
    'a good certificate': { issued: issue({ name: mxHost, issuer: ca }) },
    'a certificate of another host': { issued: issue({ name: 'other.test', issuer: ca }) },
    'an expired certificate': { issued: issue({ name: mxHost, issuer: ca, notBefore: 0, notAfter: systemClock.now() - DAY }) },
    'a self-signed certificate': { issued: issue({ name: mxHost }) },
    'a broken handshake': {
      issued: issue({ name: mxHost }),
      options: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' },
    },
  };

  let server: Server | undefined;
  afterEach(() => server?.close());

  async function handshake(level: 'may' | 'encrypt' | 'verify', { issued, options }: { issued: Issued; options?: TlsOptions }) {
    const listening = createServer({ cert: issued.cert, key: issued.key, ...options }, (socket) => socket.end());
    server = listening.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const { port } = listening.address() as AddressInfo;
    return new Promise<'verified' | 'encrypted' | 'refused'>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, ...makeClientTls({ ca: [ca.cert] })(level, mxHost) });
      socket.on('secureConnect', () => {
        resolve(socket.authorized ? 'verified' : 'encrypted');
        socket.destroy();
      });
      socket.on('error', () => resolve('refused'));
    });
  }

  /** As the sender's settings mean it: `require-tls`, `skip-verification`. */
  const levelOf = (requireTls: boolean, skipVerification: boolean): Configured =>
    requireTls ? (skipVerification ? 'encrypt' : 'verify') : 'may';

  async function send(requireTls: boolean, skipVerification: boolean, peer: string): Promise<string> {
    const { level } = decideTlsLevel({ configured: levelOf(requireTls, skipVerification), mxHost });
    if (level === 'none' || level === 'dane') throw new Error('neither setting means that');
    const offered = peers[peer];
    const result = offered === undefined ? 'refused' : await handshake(level, offered);
    if (result !== 'refused') return result;
    return level === 'may' ? 'clear' : 'not sent';
  }

  const table: [requireTls: boolean, skipVerification: boolean, peer: string, result: string][] = [
    [false, false, 'no STARTTLS', 'clear'],
    [false, false, 'a good certificate', 'verified'],
    [false, false, 'a certificate of another host', 'encrypted'],
    [false, false, 'an expired certificate', 'encrypted'],
    [false, false, 'a self-signed certificate', 'encrypted'],
    [false, false, 'a broken handshake', 'clear'],
    [false, true, 'no STARTTLS', 'clear'],
    [false, true, 'a good certificate', 'verified'],
    [false, true, 'a certificate of another host', 'encrypted'],
    [false, true, 'an expired certificate', 'encrypted'],
    [false, true, 'a self-signed certificate', 'encrypted'],
    [false, true, 'a broken handshake', 'clear'],
    [true, false, 'no STARTTLS', 'not sent'],
    [true, false, 'a good certificate', 'verified'],
    [true, false, 'a certificate of another host', 'not sent'],
    [true, false, 'an expired certificate', 'not sent'],
    [true, false, 'a self-signed certificate', 'not sent'],
    [true, false, 'a broken handshake', 'not sent'],
    [true, true, 'no STARTTLS', 'not sent'],
    [true, true, 'a good certificate', 'verified'],
    [true, true, 'a certificate of another host', 'encrypted'],
    [true, true, 'an expired certificate', 'encrypted'],
    [true, true, 'a self-signed certificate', 'encrypted'],
    [true, true, 'a broken handshake', 'not sent'],
  ];
  it.each(table)('require %s, skip %s, %s: %s', async (requireTls, skipVerification, peer, result) => {
    expect(await send(requireTls, skipVerification, peer)).toBe(result);
  });
});
