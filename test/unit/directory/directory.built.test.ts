import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#core';
import { makeDirectory } from '#directory';
import { hashPassword, verifyPassword } from '#directory/secrets/passwords.js';
import { makeDnsClient } from '#net';
import { openStores, type Stores } from '#store';
import { startFakeDns } from '../../support/fake-dns.mjs';
import { tempDir } from '../../support/temp-dir.mjs';

const HOSTNAME = 'mail.host.example';
let stores: Stores;
let dns: Awaited<ReturnType<typeof startFakeDns>>;
let folder: ReturnType<typeof tempDir>;
let directory: ReturnType<typeof makeDirectory>;
let mine: number;
let theirs: number;

beforeAll(async () => {
  folder = tempDir();
  stores = await openStores({ dataDir: folder.path, onFatal: (error) => expect.fail(error.message) });
  dns = await startFakeDns();
  const client = makeDnsClient({ servers: [dns.address], clock: systemClock });
  directory = makeDirectory({
    store: stores.directory,
    clock: systemClock,
    hostname: HOSTNAME,
    serverKey: new Uint8Array(32),
    dns: client,
  });
  mine = (await directory.accounts.create('mine')).id;
  theirs = (await directory.accounts.create('theirs')).id;
});

afterAll(async () => {
  await stores.close();
  await dns.close();
  await folder.cleanup();
});

describe('domains', () => {
  it('are created with a key that signs, and a postmaster login when a password is given', async () => {
    const domain = await directory.domains.create(mine, { name: 'A.Example', smtpPassword: 'secret-1' });
    expect(domain).toMatchObject({ name: 'a.example', state: 'unverified', type: 'custom', account: mine });
    const [key, ...others] = await directory.domains.signingKeys(domain, { message: 1 });
    expect(others).toEqual([]);
    expect(key?.privateKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect((await directory.credentials.verify('postmaster@a.example', 'secret-1'))?.domain.name).toBe('a.example');
  });

  it.each(['', 'nodot', 'a..example', 'exa mple.com', '-a.example', '1.2.3.4', `${'a'.repeat(64)}.example`, 'a.example.'])(
    'refuse the name %j',
    async (name) => {
      await expect(directory.domains.create(mine, { name })).rejects.toMatchObject({ httpStatus: 400 });
    },
  );

  it('are taken once, by whoever came first', async () => {
    await directory.domains.create(theirs, { name: 'b.example' });
    await expect(directory.domains.create(mine, { name: 'b.example' })).rejects.toMatchObject({ httpStatus: 400 });
    const both = await Promise.allSettled([
      directory.domains.create(mine, { name: 'race.example' }),
      directory.domains.create(theirs, { name: 'race.example' }),
    ]);
    expect(both.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('of another account are as if they were not there', async () => {
    await expect(directory.domains.get(mine, 'b.example')).rejects.toMatchObject({
      httpStatus: 404,
      publicText: 'Domain not found: b.example',
    });
    await expect(directory.domains.remove(mine, 'b.example')).rejects.toMatchObject({ httpStatus: 404 });
    await expect(directory.domains.verify(mine, 'b.example')).rejects.toMatchObject({ httpStatus: 404 });
    expect((await directory.domains.find('B.example'))?.account).toBe(theirs);
  });

  it('go with their logins and keys', async () => {
    await directory.domains.create(mine, { name: 'gone.example', smtpPassword: 'secret-2' });
    const { secret } = await directory.keys.create(mine, { role: 'sending', domainName: 'gone.example' });
    await directory.domains.remove(mine, 'gone.example');
    expect(await directory.domains.find('gone.example')).toBeUndefined();
    expect(await directory.credentials.verify('postmaster@gone.example', 'secret-2')).toBeUndefined();
    expect(await directory.keys.verify(secret)).toBeUndefined();
  });

  it('become active when SPF and DKIM are published, and say what DNS holds', async () => {
    const domain = await directory.domains.create(mine, { name: 'v.example' });
    const before = await directory.domains.dns(domain);
    expect(before.sending.map((record) => [record.recordType, record.name, record.valid])).toEqual([
      ['TXT', 'v.example', 'unknown'],
      ['TXT', 'mailwagon._domainkey.v.example', 'unknown'],
      ['CNAME', 'email.v.example', 'unknown'],
    ]);
    expect(before.receiving).toEqual([{ recordType: 'MX', priority: '10', value: HOSTNAME, valid: 'unknown', cached: [] }]);

    const first = await directory.domains.verify(mine, 'v.example');
    expect(first.domain.state).toBe('unverified');
    expect(first.dns.sending.every((record) => record.valid === 'invalid')).toBe(true);

    const dkim = before.sending[1]?.value ?? '';
    dns.set('v.example', { TXT: ['v=spf1 mx +a:mail.host.example -all'], MX: [{ preference: 10, exchange: HOSTNAME }] });
    dns.set('mailwagon._domainkey.v.example', { TXT: [dkim.replace('p=', 'p= ').match(/.{1,200}/g) ?? []] });
    const second = await directory.domains.verify(mine, 'v.example');
    expect(second.domain.state).toBe('active');
    expect(second.dns.sending.map((record) => record.valid)).toEqual(['valid', 'valid', 'invalid']);
    expect(second.dns.receiving[0]).toMatchObject({ valid: 'valid', cached: [HOSTNAME] });
    expect((await directory.domains.find('v.example'))?.state).toBe('active');
  });

  it('do not call a record invalid because DNS did not answer', async () => {
    await directory.domains.create(mine, { name: 'f.example' });
    dns.set('f.example', 'servfail');
    const { dns: records } = await directory.domains.verify(mine, 'f.example');
    expect(records.sending[0]).toMatchObject({ valid: 'unknown', cached: [], lookupError: 'servfail' });
    expect(records.sending[1]).not.toHaveProperty('lookupError');
  });
});

describe('settings of a domain', () => {
  beforeAll(async () => void (await directory.domains.create(mine, { name: 's.example', messageTtl: 3600 })));

  it('change in what is named, at once for whoever finds the domain', async () => {
    expect(await directory.domains.find('s.example')).toMatchObject({ messageTtl: 3600, requireTls: false });
    const updated = await directory.domains.update(mine, 'S.example', { requireTls: true, messageTtl: 60, webPrefix: 'Links' });
    expect(updated).toMatchObject({ name: 's.example', messageTtl: 60, requireTls: true, skipVerification: false, webPrefix: 'links' });
    expect(await directory.domains.find('s.example')).toEqual(updated);
    expect((await directory.domains.dns(updated)).sending.map(({ name }) => name)).toContain('links.s.example');
    expect(await directory.domains.update(mine, 's.example', { requireTls: undefined })).toEqual(updated);
  });

  it.each([{ messageTtl: 0 }, { messageTtl: 1.5 }, { messageTtl: 30 * 86_400 + 1 }, { webPrefix: 'a.b' }, { webPrefix: '' }])(
    'refuse %j',
    async (changes) => {
      await expect(directory.domains.update(mine, 's.example', changes)).rejects.toMatchObject({ httpStatus: 400 });
      await expect(directory.domains.create(mine, { name: 'never.example', ...changes })).rejects.toMatchObject({ httpStatus: 400 });
    },
  );

  it('of another account are as if they were not there', async () => {
    await expect(directory.domains.update(theirs, 's.example', { messageTtl: 1 })).rejects.toMatchObject({
      httpStatus: 404,
      publicText: 'Domain not found: s.example',
    });
  });
});

describe('credentials', () => {
  beforeAll(async () => void (await directory.domains.create(mine, { name: 'c.example' })));

  it('log in with their password and nothing else', async () => {
    const { credential, password } = await directory.credentials.create(mine, 'c.example', 'Alice');
    expect(credential.login).toBe('alice@c.example');
    expect(credential.passwordHash).not.toContain(password);
    expect((await directory.credentials.verify('ALICE@c.example', password ?? ''))?.credential.id).toBe(credential.id);
    expect(await directory.credentials.verify('alice@c.example', `${password}x`)).toBeUndefined();
    expect(await directory.credentials.verify('bob@c.example', password ?? '')).toBeUndefined();
  });

  it('lose the old password at once when it is changed, also where it was just used', async () => {
    await directory.credentials.create(mine, 'c.example', 'carol', 'first-1');
    expect(await directory.credentials.verify('carol@c.example', 'first-1')).toBeDefined();
    await directory.credentials.changePassword(mine, 'c.example', 'carol', 'second-2');
    expect(await directory.credentials.verify('carol@c.example', 'first-1')).toBeUndefined();
    expect(await directory.credentials.verify('carol@c.example', 'second-2')).toBeDefined();
    expect(await directory.credentials.remove(mine, 'c.example', 'carol')).toBe('carol@c.example');
    expect(await directory.credentials.verify('carol@c.example', 'second-2')).toBeUndefined();
  });

  it.each([['1234'], ['x'.repeat(33)]])('refuse a password of the wrong length', async (password) => {
    await expect(directory.credentials.create(mine, 'c.example', 'dave', password)).rejects.toMatchObject({ httpStatus: 400 });
  });

  it('belong to the account of their domain', async () => {
    await expect(directory.credentials.create(theirs, 'c.example', 'eve', 'secret-3')).rejects.toMatchObject({ httpStatus: 404 });
    await expect(directory.credentials.create(mine, 'c.example', 'eve@other.example', 'secret-3')).rejects.toMatchObject({
      httpStatus: 400,
    });
    await expect(directory.credentials.remove(mine, 'c.example', 'nobody')).rejects.toMatchObject({
      httpStatus: 404,
      publicText: 'Credentials not found',
    });
    await expect(directory.credentials.remove(mine, 'c.example', 'postmaster')).rejects.toMatchObject({
      httpStatus: 400,
      publicText: 'Cannot delete system mailbox: postmaster@c.example',
    });
    expect(await directory.credentials.removeAll(mine, 'c.example')).toBe(1);
  });
});

describe('keys', () => {
  it('are known by their secret, kept as an HMAC', async () => {
    const { key, secret } = await directory.keys.create(mine, { role: 'admin' });
    expect(secret).toMatch(/^[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}$/);
    expect(key.secretHash).toBe(createHmac('sha256', new Uint8Array(32)).update(secret).digest('hex'));
    expect((await directory.keys.verify(secret))?.id).toBe(key.id);
    expect(await directory.keys.verify(secret.replace(/^./, (digit) => (digit === 'a' ? 'b' : 'a')))).toBeUndefined();
    expect(await directory.keys.verify('key-nonsense')).toBeUndefined();
  });

  it('die at once when they are removed, and only by their account', async () => {
    const { key, secret } = await directory.keys.create(mine, { role: 'admin' });
    await directory.keys.verify(secret);
    await expect(directory.keys.remove(theirs, key.id)).rejects.toMatchObject({ httpStatus: 404 });
    expect(await directory.keys.verify(secret)).toBeDefined();
    await directory.keys.remove(mine, key.id);
    expect(await directory.keys.verify(secret)).toBeUndefined();
  });

  it('expire', async () => {
    const { secret, key } = await directory.keys.create(mine, { role: 'admin', expiresIn: 0 });
    expect(await directory.keys.verify(secret)).toBeUndefined();
    expect((await directory.keys.list(mine, {})).map((item) => item.id)).not.toContain(key.id);
  });

  it('for sending need a domain of the account', async () => {
    await expect(directory.keys.create(mine, { role: 'sending' })).rejects.toMatchObject({ httpStatus: 400 });
    await expect(directory.keys.create(mine, { role: 'sending', domainName: 'b.example' })).rejects.toMatchObject({ httpStatus: 404 });
  });
});

describe('password hashes', () => {
  it('carry their parameters and are salted', async () => {
    const [first, second] = await Promise.all([hashPassword('secret'), hashPassword('secret')]);
    expect(first).not.toBe(second);
    expect(first).toMatch(/^scrypt\$16384\$8\$1\$/);
    expect(await verifyPassword('secret', first)).toBe(true);
    expect(await verifyPassword('Secret', first)).toBe(false);
    expect(await verifyPassword('secret', 'plain')).toBe(false);
  });
});
