import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_DOMAIN_SETTINGS } from '#directory';
import { ENGINES } from './support/engines.ts';
import type { TestStores } from './support/store.ts';

describe.each(ENGINES)('with $name', (engine) => {
  let stores: TestStores;
  let account = 0;
  let other = 0;
  let domain = 0;

  beforeEach(async () => {
    stores = await engine.open();
    const make = (publicId: string) => stores.directory.createAccount({ publicId, name: publicId, signingKey: 'k', createdAt: 1 });
    account = (await make('one')).id;
    other = (await make('two')).id;
    domain = await addDomain('a.test');
  });
  afterEach(async () => {
    await stores.cleanup();
  });

  async function addDomain(name: string): Promise<number> {
    const facts = { account, publicId: `id-${name}`, name, type: 'custom', state: 'active', createdAt: 1 } as const;
    const key = {
      account,
      selector: 's',
      privateKey: 'p',
      kind: 'rsa',
      publicKey: 'q',
      bits: 2048,
      active: true,
      published: false,
      createdAt: 1,
    } as const;
    return (await stores.directory.createDomain({ ...facts, ...DEFAULT_DOMAIN_SETTINGS }, key)).id;
  }
  const pool = (publicId: string, addresses: string[]) =>
    stores.directory.createPool({ account, publicId, name: publicId, description: '', createdAt: 1, addresses });

  it("a pool is its account's own", async () => {
    const made = await pool('p1', ['192.0.2.2', '192.0.2.1']);
    expect(made).toMatchObject({ addresses: ['192.0.2.1', '192.0.2.2'], isLinked: false });
    expect(await stores.directory.pool(account, 'p1')).toEqual(made);
    expect(await stores.directory.pool(other, 'p1')).toBeUndefined();
    expect(await stores.directory.listPools(other)).toEqual([]);
    expect(await stores.directory.updatePool(other, made.id, { name: 'x' })).toBe(false);
    expect(await stores.directory.deletePool(other, made.id, {})).toBe(false);
    expect(await stores.directory.updatePool(account, made.id, { description: 'd', addresses: ['192.0.2.3'] })).toBe(true);
    expect(await stores.directory.listPools(account)).toEqual([{ ...made, description: 'd', addresses: ['192.0.2.3'] }]);
  });

  it('a domain has a pool or addresses of its own, and takes both along when it goes', async () => {
    const { id } = await pool('p1', ['192.0.2.1']);
    await stores.directory.setDomainSource(account, domain, { addresses: ['192.0.2.9'] });
    expect(await stores.directory.domainSource(account, domain)).toEqual({ addresses: ['192.0.2.9'] });
    await stores.directory.setDomainSource(account, domain, { pool: id });
    expect(await stores.directory.domainSource(account, domain)).toMatchObject({ pool: { publicId: 'p1', isLinked: true }, addresses: [] });
    expect(await stores.directory.listPoolDomains(account, id, 10, 0)).toEqual([{ row: domain, publicId: 'id-a.test', name: 'a.test' }]);
    expect(await stores.directory.deleteDomain(account, domain)).toBe(true);
    expect((await stores.directory.pool(account, 'p1'))?.isLinked).toBe(false);
  });

  it('the domains of a deleted pool get what takes its place', async () => {
    const { id } = await pool('p1', ['192.0.2.1']);
    const { id: next } = await pool('p2', ['192.0.2.2']);
    await stores.directory.setDomainSource(account, domain, { pool: id });
    expect(await stores.directory.deletePool(account, id, { pool: next })).toBe(true);
    expect((await stores.directory.domainSource(account, domain)).pool?.publicId).toBe('p2');
    expect(await stores.directory.deletePool(account, next, { addresses: ['192.0.2.7'] })).toBe(true);
    expect(await stores.directory.domainSource(account, domain)).toEqual({ addresses: ['192.0.2.7'] });
  });

  it('a domain is made with what its mail leaves from, together or not at all', async () => {
    const facts = { account, type: 'custom', state: 'active', createdAt: 1 } as const;
    const settings = DEFAULT_DOMAIN_SETTINGS;
    const key = {
      account,
      selector: 's',
      privateKey: 'p',
      kind: 'rsa',
      publicKey: 'q',
      bits: 2048,
      active: true,
      published: false,
      createdAt: 1,
    } as const;
    const make = (name: string, source: { pool?: number; addresses?: string[] }) =>
      stores.directory.createDomain({ ...facts, ...settings, name, publicId: `id-${name}` }, key, undefined, source);
    const { id } = await pool('p1', ['192.0.2.1']);
    const sourceOf = async (made: { id: number }) => stores.directory.domainSource(account, made.id);
    expect(await sourceOf(await make('pooled.test', { pool: id }))).toMatchObject({ pool: { publicId: 'p1' } });
    expect(await sourceOf(await make('own.test', { addresses: ['192.0.2.7', '192.0.2.6'] }))).toEqual({
      addresses: ['192.0.2.6', '192.0.2.7'],
    });
    await expect(make('none.test', { pool: id + 1000 })).rejects.toThrow();
    expect(await stores.directory.domainByName('none.test')).toBeUndefined();
  });

  it('domains are found by an address, their own or of their pool, and an address is given to and taken from all', async () => {
    const second = await addDomain('b.test');
    const { id } = await pool('p1', ['192.0.2.1', '192.0.2.2']);
    await stores.directory.setDomainSource(account, domain, { pool: id });
    await stores.directory.addDomainAddress(account, '192.0.2.1');
    const found = await stores.directory.listAddressDomains(account, '192.0.2.1', { limit: 10, skip: 0 });
    expect(found).toEqual({
      total: 2,
      items: [
        { domain: 'a.test', addresses: ['192.0.2.1', '192.0.2.2'] },
        { domain: 'b.test', addresses: ['192.0.2.1'] },
      ],
    });
    expect(await stores.directory.listAddressDomains(account, '192.0.2.1', { limit: 1, skip: 1, search: 'B.' })).toEqual({
      total: 1,
      items: [],
    });
    await stores.directory.replaceDomainAddress(account, '192.0.2.1', '192.0.2.5');
    expect(await stores.directory.domainSource(account, second)).toEqual({ addresses: ['192.0.2.5'] });
    expect((await stores.directory.domainSource(account, domain)).pool?.addresses).toEqual(['192.0.2.1', '192.0.2.2']);
  });
});
