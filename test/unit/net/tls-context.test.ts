import { chmodSync, existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DAY, systemClock } from '#core';
import { loadServerTls, makeClientTls, makeSelfSignedCertificate, type ServerTls, serverTlsOptions } from '#net';
import { tempDir } from '../../support/temp-dir.mjs';

let folder: { path: string; cleanup: () => void };
beforeEach(() => {
  folder = tempDir();
});
afterEach(() => folder.cleanup());

const load = (files: { certFile?: string; keyFile?: string; hostname?: string } = {}, now?: number): Promise<ServerTls> =>
  loadServerTls({
    certFile: files.certFile ?? null,
    keyFile: files.keyFile ?? null,
    dataDir: folder.path,
    hostname: files.hostname ?? 'mail.example.com',
    ...(now === undefined ? {} : { clock: { now: () => now, monotonic: () => 0 } }),
  });

async function writePair(name: string): Promise<{ certFile: string; keyFile: string }> {
  const pair = await makeSelfSignedCertificate({ hostname: `${name}.test`, notBefore: systemClock.now() });
  const certFile = join(folder.path, `${name}.crt`);
  const keyFile = join(folder.path, `${name}.key`);
  writeFileSync(certFile, pair.cert);
  writeFileSync(keyFile, pair.key);
  return { certFile, keyFile };
}

describe('without a configured pair', () => {
  it('makes one once, with a key that only the owner can read', async () => {
    const first = await load();
    expect(first).toMatchObject({ selfSigned: true, fingerprint: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/) });
    expect(first.expiresAt).toBeGreaterThan(systemClock.now() + 3600 * DAY);
    expect(statSync(join(folder.path, 'tls')).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder.path, 'tls/self-signed-key.pem')).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder.path, 'tls')).sort()).toEqual(['self-signed-cert.pem', 'self-signed-key.pem']);
    expect(await load()).toEqual(first);
  });

  it('makes it again when it is damaged, about to expire or for another name', async () => {
    const first = await load();
    truncateSync(join(folder.path, 'tls/self-signed-key.pem'), 20);
    const second = await load();
    expect(second.fingerprint).not.toBe(first.fingerprint);
    const third = await load({ hostname: 'other.example.com' });
    expect(third.fingerprint).not.toBe(second.fingerprint);
    expect((await load({ hostname: 'other.example.com' }, third.expiresAt - 31 * DAY)).fingerprint).toBe(third.fingerprint);
    expect((await load({ hostname: 'other.example.com' }, third.expiresAt - 29 * DAY)).fingerprint).not.toBe(third.fingerprint);
  });

  it('keeps one for an address', async () => {
    const first = await load({ hostname: '192.0.2.1' });
    expect(await load({ hostname: '192.0.2.1' })).toEqual(first);
  });

  it('does not write a key through a draft that others may read', async () => {
    await load();
    const draft = join(folder.path, 'tls/self-signed-key.pem.new');
    writeFileSync(draft, 'left by a crash');
    chmodSync(draft, 0o666);
    await load({ hostname: 'other.example.com' });
    expect(existsSync(draft)).toBe(false);
    expect(statSync(join(folder.path, 'tls/self-signed-key.pem')).mode & 0o777).toBe(0o600);
  });
});

describe('with a configured pair', () => {
  it('reads it and touches nothing', async () => {
    const files = await writePair('given');
    const tls = await load(files);
    expect(tls).toMatchObject({ selfSigned: false, cert: readFileSync(files.certFile, 'utf8'), key: readFileSync(files.keyFile, 'utf8') });
    expect(existsSync(join(folder.path, 'tls'))).toBe(false);
  });

  it('says which key of the configuration is wrong', async () => {
    const one = await writePair('one');
    const other = await writePair('other');
    const nowhere = join(folder.path, 'nowhere');
    const empty = join(folder.path, 'empty');
    writeFileSync(empty, '');
    await expect(load({ certFile: nowhere, keyFile: one.keyFile })).rejects.toThrow(`tls.cert: cannot read ${nowhere}: ENOENT`);
    await expect(load({ certFile: one.certFile, keyFile: folder.path })).rejects.toThrow(`tls.key: cannot read ${folder.path}: EISDIR`);
    await expect(load({ certFile: one.certFile })).rejects.toThrow('tls.key must be set when tls.cert is');
    await expect(load({ keyFile: one.keyFile })).rejects.toThrow('tls.cert must be set when tls.key is');
    await expect(load({ certFile: empty, keyFile: one.keyFile })).rejects.toThrow(`tls.cert: ${empty} holds no PEM certificate`);
    await expect(load({ certFile: one.certFile, keyFile: one.certFile })).rejects.toThrow(
      `tls.key: ${one.certFile} holds no PEM private key`,
    );
    await expect(load({ certFile: one.certFile, keyFile: other.keyFile })).rejects.toThrow('tls.key does not match tls.cert');
  });
});

describe('serverTlsOptions', () => {
  it('serve a client that verifies the name', async () => {
    const tls = await load();
    const server = createServer(serverTlsOptions(tls), (_request, response) => response.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const options = { host: '127.0.0.1', port, agent: false, ...makeClientTls({ ca: [tls.cert] })('verify', 'mail.example.com') };
    const status = await new Promise((resolve, reject) =>
      request(options as object, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end(),
    );
    expect(status).toBe(200);
    server.close();
  });
});
