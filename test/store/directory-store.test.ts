import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApiKeyRecord, DomainRecord } from '#store';
import { ENGINES } from './support/engines.ts';
import { makeDkimKey, makeDomain, type TestStores } from './support/store.ts';

describe.each(ENGINES)('with $name', (engine) => {
  let stores: TestStores;
  let ours: number;
  let theirs: number;
  beforeEach(async () => {
    stores = await engine.open();
    const account = (name: string) => stores.directory.createAccount({ publicId: `id of ${name}`, name, signingKey: 'key', createdAt: 1 });
    ours = (await account('ours')).id;
    theirs = (await account('theirs')).id;
  });
  afterEach(() => stores.cleanup());

  const keyOf = (account: number, id: string, fields: Partial<ApiKeyRecord> = {}): ApiKeyRecord => ({
    id,
    account,
    role: 'admin',
    kind: 'user',
    description: '',
    secretHash: 'hash',
    createdAt: 1,
    updatedAt: 2,
    ...fields,
  });

  const addDomain = (name: string, fields: Partial<DomainRecord> = {}): Promise<DomainRecord> =>
    stores.directory.createDomain(makeDomain(ours, name, fields), makeDkimKey(ours));

  describe('accounts', () => {
    it('are found by id and counted', async () => {
      expect(await stores.directory.account(ours)).toEqual({
        id: ours,
        publicId: 'id of ours',
        name: 'ours',
        signingKey: 'key',
        createdAt: 1,
      });
      expect(await stores.directory.account(99)).toBeUndefined();
      expect(await stores.directory.countAccounts()).toBe(2);
    });

    it('are found by what customers see of them, and listed for the operator', async () => {
      expect(await stores.directory.accountByPublicId('id of ours')).toMatchObject({ id: ours, name: 'ours' });
      expect(await stores.directory.accountByPublicId('nobody')).toBeUndefined();
      const ids = (await stores.directory.listAccounts()).map(({ id }) => id);
      expect(ids).toHaveLength(2);
      expect(ids).toContain(ours);
      expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    });
  });

  describe('domains', () => {
    it('come with their DKIM key and first credential, and survive a reopen', async () => {
      const credential = { account: ours, login: 'postmaster@a.example', passwordHash: 'hash', createdAt: 7 };
      const domain = await stores.directory.createDomain(
        makeDomain(ours, 'a.example', { requireTls: true }),
        makeDkimKey(ours),
        credential,
      );
      await stores.reopen();
      expect(domain).toEqual({ ...makeDomain(ours, 'a.example', { requireTls: true }), id: domain.id });
      expect(await stores.directory.domainByName('a.example')).toEqual(domain);
      expect(await stores.directory.dkimKeys(ours, domain.id)).toMatchObject([{ ...makeDkimKey(ours), domain: domain.id }]);
      expect(await stores.directory.credentialByLogin('postmaster@a.example')).toMatchObject({ ...credential, domain: domain.id });
      expect(await stores.directory.domainByName('b.example')).toBeUndefined();
    });

    it('change in what is named, for their owner', async () => {
      const domain = await addDomain('a.example', { skipVerification: true });
      expect(await stores.directory.updateDomain(theirs, domain.id, { messageTtl: 1 })).toBe(false);
      expect(await stores.directory.updateDomain(ours, domain.id, {})).toBe(true);
      expect(await stores.directory.domainByName('a.example')).toEqual(domain);
      expect(await stores.directory.updateDomain(ours, domain.id, { requireTls: true, skipVerification: false, messageTtl: 60 })).toBe(
        true,
      );
      expect(await stores.directory.updateDomain(ours, domain.id, { webScheme: 'http', webPrefix: 'links' })).toBe(true);
      expect(await stores.directory.domainByName('a.example')).toEqual({
        ...domain,
        ...{ requireTls: true, skipVerification: false, messageTtl: 60, webScheme: 'http', webPrefix: 'links' },
      });
    });

    it('are made whole or not at all', async () => {
      const first = await addDomain('a.example');
      const credential = { account: ours, login: 'x@a.example', passwordHash: 'hash', createdAt: 7 };
      await stores.directory.createCredential({ ...credential, domain: first.id });
      const attempt = stores.directory.createDomain(makeDomain(ours, 'b.example'), makeDkimKey(ours), credential);
      await expect(attempt).rejects.toMatchObject({ name: 'StoreError', kind: 'conflict' });
      expect(await stores.directory.domainByName('b.example')).toBeUndefined();
      expect((await stores.directory.listDomains(ours, { limit: 10, skip: 0, sort: 'created' })).total).toBe(1);
    });

    it('refuse a name that is taken, also by another account', async () => {
      await addDomain('a.example');
      const attempt = stores.directory.createDomain(makeDomain(theirs, 'a.example', { publicId: 'x' }), makeDkimKey(theirs));
      await expect(attempt).rejects.toMatchObject({ kind: 'conflict' });
    });

    it('are listed in pages with filters and orders', async () => {
      for (const name of ['b.example', 'c.example', 'a.example']) await addDomain(name);
      await addDomain('d.test', { state: 'active' });
      await stores.directory.createDomain(makeDomain(theirs, 'e.example'), makeDkimKey(theirs));
      const list = async (filter: object) => {
        const { items, total } = await stores.directory.listDomains(ours, { limit: 2, skip: 0, sort: 'name:asc', ...filter });
        return [items.map(({ name }) => name).join(' '), total];
      };
      expect(await list({})).toEqual(['a.example b.example', 4]);
      expect(await list({ skip: 2 })).toEqual(['c.example d.test', 4]);
      expect(await list({ sort: 'name:desc' })).toEqual(['d.test c.example', 4]);
      expect(await list({ sort: 'created' })).toEqual(['d.test a.example', 4]);
      expect(await list({ state: 'active' })).toEqual(['d.test', 1]);
      expect(await list({ search: 'EXAMPLE' })).toEqual(['a.example b.example', 3]);
      expect(await list({ search: '%' })).toEqual(['', 0]);
    });

    it('take their keys and credentials with them, and leave those of others', async () => {
      const gone = await addDomain('a.example');
      const kept = await addDomain('b.example');
      for (const { id, name } of [gone, kept]) {
        await stores.directory.createCredential({ account: ours, domain: id, login: `x@${name}`, passwordHash: '', createdAt: 1 });
        await stores.directory.createKey(keyOf(ours, `key of ${name}`, { kind: 'domain', role: 'sending', domainName: name }));
      }
      await stores.directory.createKey(keyOf(ours, 'user key'));
      expect(await stores.directory.deleteDomain(ours, gone.id)).toBe(true);
      expect(await stores.directory.deleteDomain(ours, gone.id)).toBe(false);
      expect(await stores.directory.domainByName('a.example')).toBeUndefined();
      expect(await stores.directory.dkimKeys(ours, gone.id)).toEqual([]);
      expect(await stores.directory.credentialByLogin('x@a.example')).toBeUndefined();
      expect(await stores.directory.credentialByLogin('x@b.example')).toBeDefined();
      const keys = await stores.directory.listKeys(ours, {});
      expect(keys.map(({ id }) => id).sort()).toEqual(['key of b.example', 'user key']);
    });
  });

  describe('credentials and keys', () => {
    it('can be listed, changed and deleted', async () => {
      const { id: domain } = await addDomain('a.example');
      for (const name of ['b', 'a', 'c']) {
        await stores.directory.createCredential({ account: ours, domain, login: `${name}@a.example`, passwordHash: 'old', createdAt: 1 });
      }
      const page = await stores.directory.listCredentials(ours, domain, 2, 1);
      expect([page.items.map(({ login }) => login), page.total]).toEqual([['b@a.example', 'c@a.example'], 3]);
      expect(await stores.directory.setCredentialPassword(ours, 'b@a.example', 'new')).toBe(true);
      expect((await stores.directory.credentialByLogin('b@a.example'))?.passwordHash).toBe('new');
      expect(await stores.directory.deleteCredential(ours, 'b@a.example')).toBe(true);
      expect(await stores.directory.deleteCredentials(ours, domain)).toBe(2);
    });

    it('keep absent fields absent, and filter keys', async () => {
      const sending = keyOf(ours, 'k1', { kind: 'domain', role: 'sending', domainName: 'a.example', expiresAt: 9_999_999_999_999 });
      const web = keyOf(ours, 'k2', { kind: 'web', createdAt: 5 });
      await stores.directory.createKey(sending);
      await stores.directory.createKey(web);
      await stores.directory.createKey(keyOf(theirs, 'k3'));
      expect(await stores.directory.keyById('k1')).toEqual(sending);
      expect(await stores.directory.keyById('k2')).toEqual(web);
      expect(await stores.directory.listKeys(ours, {})).toEqual([sending, web]);
      expect(await stores.directory.listKeys(ours, { domainName: 'a.example' })).toEqual([sending]);
      expect(await stores.directory.listKeys(ours, { kind: 'web' })).toEqual([web]);
      await expect(stores.directory.createKey(keyOf(theirs, 'k1'))).rejects.toMatchObject({ kind: 'conflict' });
      expect(await stores.directory.deleteKey(ours, 'k1', 0)).toBe('deleted');
      expect(await stores.directory.keyById('k1')).toBeUndefined();
    });
  });

  describe('the clients of a login', () => {
    const known = (client: string) => stores.directory.isLoginClient('x@a.example', client);

    it('are its newest twenty, and go with it and with its password', async () => {
      const { id: domain } = await addDomain('a.example');
      const credential = { account: ours, domain, login: 'x@a.example', passwordHash: 'old', createdAt: 1 };
      await stores.directory.createCredential(credential);
      for (let at = 0; at < 25; at++) await stores.directory.rememberLoginClient('x@a.example', `192.0.2.${at}`, at === 3 ? 99 : at);
      const found = await Promise.all(Array.from({ length: 25 }, (_, at) => known(`192.0.2.${at}`)));
      expect(found.flatMap((is, at) => (is ? [at] : []))).toEqual([3, ...Array.from({ length: 19 }, (_, index) => index + 6)]);
      expect(await stores.directory.isLoginClient('y@a.example', '192.0.2.3')).toBe(false);

      await stores.directory.setCredentialPassword(ours, 'x@a.example', 'new');
      expect(await known('192.0.2.3')).toBe(false);
      await stores.directory.rememberLoginClient('x@a.example', '192.0.2.3', 1);
      expect(await known('192.0.2.3')).toBe(true);
      await stores.directory.deleteDomain(ours, domain);
      expect(await known('192.0.2.3')).toBe(false);
      await stores.directory.rememberLoginClient('x@a.example', '192.0.2.3', 1);
      expect(await known('192.0.2.3')).toBe(false);
    });
  });

  describe('the last admin key of an account stays', () => {
    const now = 1000;
    const remove = (id: string) => stores.directory.deleteKey(ours, id, now);

    it('until another one is there that is as good', async () => {
      await stores.directory.createKey(keyOf(ours, 'first'));
      for (const [id, fields] of Object.entries({
        bound: { kind: 'domain', domainName: 'a.example' },
        developer: { role: 'developer' },
        expired: { expiresAt: now },
        expiring: { expiresAt: now + 1 },
      } as const)) {
        await stores.directory.createKey(keyOf(ours, id, fields));
        expect(await remove('first')).toBe('last');
      }
      await stores.directory.createKey(keyOf(theirs, 'of another account'));
      expect(await remove('first')).toBe('last');
      await stores.directory.createKey(keyOf(ours, 'second'));
      expect(await remove('first')).toBe('deleted');
      expect(await remove('second')).toBe('last');
      for (const id of ['bound', 'developer', 'expired', 'expiring']) expect(await remove(id)).toBe('deleted');
      expect(await stores.directory.listKeys(ours, {})).toMatchObject([{ id: 'second' }]);
    });

    it('also where all of them expire, and whoever comes first', async () => {
      for (const id of ['first', 'second']) await stores.directory.createKey(keyOf(ours, id, { expiresAt: now + 1 }));
      expect((await Promise.all([remove('first'), remove('second')])).sort()).toEqual(['deleted', 'last']);
    });
  });

  describe("another account's things", () => {
    it('are neither read, changed nor deleted', async () => {
      const { id: domain } = await addDomain('a.example');
      await stores.directory.createCredential({ account: ours, domain, login: 'x@a.example', passwordHash: 'old', createdAt: 1 });
      await stores.directory.createKey(keyOf(ours, 'k1'));
      const { directory } = stores;
      expect(await directory.setDomainState(theirs, domain, 'disabled')).toBe(false);
      expect(await directory.deleteDomain(theirs, domain)).toBe(false);
      expect(await directory.deleteKey(theirs, 'k1', 0)).toBe('unknown');
      expect(await directory.deleteCredential(theirs, 'x@a.example')).toBe(false);
      expect(await directory.deleteCredentials(theirs, domain)).toBe(0);
      expect(await directory.setCredentialPassword(theirs, 'x@a.example', 'new')).toBe(false);
      expect(await directory.dkimKeys(theirs, domain)).toEqual([]);
      expect(await directory.listCredentials(theirs, domain, 10, 0)).toEqual({ items: [], total: 0 });
      expect(await directory.listKeys(theirs, {})).toEqual([]);
      expect(await directory.listDomains(theirs, { limit: 10, skip: 0, sort: 'created' })).toEqual({ items: [], total: 0 });

      expect(await directory.domainByName('a.example')).toMatchObject({ state: 'unverified' });
      expect(await directory.credentialByLogin('x@a.example')).toMatchObject({ passwordHash: 'old' });
      expect(await directory.keyById('k1')).toBeDefined();
      expect(await directory.dkimKeys(ours, domain)).toHaveLength(1);
    });

    it('cannot be hung onto: a credential names a domain of its own account', async () => {
      const { id: domain } = await addDomain('a.example');
      const attempt = stores.directory.createCredential({ account: theirs, domain, login: 'y@a.example', passwordHash: '', createdAt: 1 });
      await expect(attempt).rejects.toMatchObject({ kind: 'failed' });
      expect(await stores.directory.credentialByLogin('y@a.example')).toBeUndefined();
    });

    it('change for their owner', async () => {
      const { id } = await addDomain('a.example');
      expect(await stores.directory.setDomainState(ours, id, 'active')).toBe(true);
      expect(await stores.directory.domainByName('a.example')).toMatchObject({ state: 'active' });
    });
  });
});
