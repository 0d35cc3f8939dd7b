import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type TlsOptions } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DAY, systemClock } from '#core';
import { type CertificatePair, makeClientTls, makeSelfSignedCertificate, serverTlsOptions, type TlsLevel } from '#net';

let good: CertificatePair;
let expired: CertificatePair;
let byAddress: CertificatePair;
beforeAll(async () => {
  const now = systemClock.now();
  good = await makeSelfSignedCertificate({ hostname: 'mx.test', notBefore: now - DAY });
  expired = await makeSelfSignedCertificate({ hostname: 'mx.test', notBefore: now - 9 * DAY, days: 1 });
  byAddress = await makeSelfSignedCertificate({ hostname: '127.0.0.1', notBefore: now - DAY });
});

let server: Server | undefined;
afterEach(() => server?.close());

/** The protocol agreed on, or the error code. */
async function handshake(serverOptions: TlsOptions, level: TlsLevel, name = 'mx.test', clientTls = makeClientTls()): Promise<string> {
  server = createServer(serverOptions, (socket) => socket.end());
  server.on('tlsClientError', () => {});
  const listening = server;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, ...clientTls(level, name) });
    socket.on('secureConnect', () => resolve(`${socket.getProtocol() ?? 'none'}${socket.authorized ? ' verified' : ''}`));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('close', () => resolve('closed'));
  });
}

const old = (pair: CertificatePair): TlsOptions => ({ ...pair, minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' });
const REFUSED = /^(ERR_|SELF_SIGNED|DEPTH_ZERO|CERT_|EPROTO|ECONNRESET|closed)/;

describe('may and encrypt', () => {
  it('take any certificate', async () => {
    for (const level of ['may', 'encrypt'] as const) {
      expect(await handshake(serverTlsOptions(good), level, 'another.test')).toBe('TLSv1.3');
      server?.close();
      expect(await handshake(serverTlsOptions(expired), level)).toBe('TLSv1.3');
      server?.close();
    }
  });

  it('differ on peers that know only TLS 1.0', async () => {
    expect(await handshake(old(good), 'may')).toBe('TLSv1');
    server?.close();
    expect(await handshake(old(good), 'encrypt')).toMatch(REFUSED);
  });
});

describe('verify', () => {
  it('takes a certificate of a trusted authority for that name', async () => {
    expect(await handshake(serverTlsOptions(good), 'verify', 'mx.test', makeClientTls({ ca: [good.cert] }))).toBe('TLSv1.3 verified');
  });

  it('takes one for the address when there is no name', async () => {
    expect(await handshake(serverTlsOptions(byAddress), 'verify', '127.0.0.1', makeClientTls({ ca: [byAddress.cert] }))).toBe(
      'TLSv1.3 verified',
    );
  });

  it.each<[string, () => [TlsOptions, string, string[]], RegExp]>([
    ['an unknown issuer', () => [serverTlsOptions(good), 'mx.test', []], /^DEPTH_ZERO_SELF_SIGNED_CERT$/],
    ['another name', () => [serverTlsOptions(good), 'another.test', [good.cert]], /^ERR_TLS_CERT_ALTNAME_INVALID$/],
    [
      'an address the certificate does not name',
      () => [serverTlsOptions(good), '127.0.0.1', [good.cert]],
      /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    ],
    ['an expired certificate', () => [serverTlsOptions(expired), 'mx.test', [expired.cert]], /^CERT_HAS_EXPIRED$/],
    ['TLS 1.0', () => [old(good), 'mx.test', [good.cert]], REFUSED],
  ])('refuses %s', async (_what, given, code) => {
    const [options, name, ca] = given();
    expect(await handshake(options, 'verify', name, makeClientTls({ ca }))).toMatch(code);
  });
});

describe('makeClientTls', () => {
  it('shares one context per level, and means the same by it', async () => {
    const clientTls = makeClientTls({ ca: [good.cert] });
    expect(clientTls('verify', 'mx.test').secureContext).toBe(clientTls('verify', 'other.test').secureContext);
    expect(clientTls('verify', 'mx.test').secureContext).not.toBe(clientTls('may', 'mx.test').secureContext);
    const table: [TlsLevel, string, TlsOptions, RegExp][] = [
      ['verify', 'mx.test', serverTlsOptions(good), /^TLSv1\.3 verified$/],
      ['verify', 'other.test', serverTlsOptions(good), /^ERR_TLS_CERT_ALTNAME_INVALID$/],
      ['verify', 'mx.test', serverTlsOptions(expired), REFUSED],
      ['encrypt', 'mx.test', serverTlsOptions(good), /^TLSv1\.3 verified$/],
      ['dane', 'mx.test', serverTlsOptions(expired), /^TLSv1\.3$/],
      ['encrypt', 'mx.test', old(good), REFUSED],
      ['dane', 'mx.test', old(good), REFUSED],
      ['may', 'other.test', old(good), /^TLSv1$/],
    ];
    for (const [level, name, options, expected] of table) {
      expect(await handshake(options, level, name, clientTls), `${level} ${name}`).toMatch(expected);
      server?.close();
    }
  });
});

describe('serverTlsOptions', () => {
  it('refuse clients below TLS 1.2', async () => {
    server = createServer(serverTlsOptions(good));
    server.on('tlsClientError', () => {});
    const listening = server;
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const { port } = listening.address() as AddressInfo;
    const options = {
      host: '127.0.0.1',
      port,
      minVersion: 'TLSv1' as const,
      maxVersion: 'TLSv1.1' as const,
      ciphers: 'DEFAULT@SECLEVEL=0',
    };
    const result = await new Promise((resolve) => {
      const socket = connect(options);
      socket.on('secureConnect', () => resolve(socket.getProtocol()));
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    expect(result).toMatch(REFUSED);
  });
});
