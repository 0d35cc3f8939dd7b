/** The feed of changes of the directory: what each write tells, in the order of the commits, before its promise resolves. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApiKeyRecord } from '#store';
import { ENGINES } from './support/engines.ts';
import { makeDkimKey, makeDomain, type TestStores } from './support/store.ts';

describe.each(ENGINES)('with $name', (engine) => {
  let stores: TestStores;
  let account: number;
  let domain: number;
  let told: string[];
  beforeEach(async () => {
    stores = await engine.open();
    account = (await stores.directory.createAccount({ publicId: 'a', name: 'a', signingKey: 'key', createdAt: 1 })).id;
    domain = (await stores.directory.createDomain(makeDomain(account, 'a.example'), makeDkimKey(account))).id;
    told = [];
    stores.directory.changes.subscribe(({ noun, key = 'any' }) => told.push(`${noun} ${key}`));
  });
  afterEach(() => stores.cleanup());

  /** What is told while it runs, and that it is told before it resolves. */
  async function during(run: () => Promise<unknown>): Promise<string[]> {
    told.length = 0;
    let atResolve: string[] = [];
    await run().then(() => {
      atResolve = [...told];
    });
    expect(told).toEqual(atResolve);
    return atResolve;
  }

  const credential = (login: string) => ({ account, domain, login, passwordHash: 'hash', createdAt: 1 });
  const key = (id: string): ApiKeyRecord => ({
    ...{ id, account, role: 'sending', kind: 'domain', description: '', secretHash: 'hash', createdAt: 1, updatedAt: 1 },
  });
  const version = (tag: string) => ({
    ...{ account, publicId: tag, tag, engine: 'handlebars', source: '', headers: {}, comment: '', active: false, createdAt: 1 },
  });

  it('has accounts and domains', async () => {
    const { directory } = stores;
    let id = 0;
    expect(
      await during(async () => {
        id = (await directory.createAccount({ publicId: 'b', name: 'b', signingKey: 'key', createdAt: 1 })).id;
      }),
    ).toEqual([`account ${id}`]);
    const made = await during(async () => {
      const login = { account, login: 'postmaster@b.example', passwordHash: 'hash', createdAt: 1 };
      const source = { addresses: ['192.0.2.1'] };
      id = (await directory.createDomain(makeDomain(account, 'b.example'), makeDkimKey(account), login, source)).id;
    });
    expect(made.toSorted()).toEqual(['credential postmaster@b.example', `dkimKey ${id}`, 'domain b.example', `domainSource ${id}`]);
    expect(await during(() => directory.setDomainState(account, id, 'active'))).toEqual(['domain b.example']);
    expect(await during(() => directory.updateDomain(account, id, { wildcard: true }))).toEqual(['domain b.example']);
    const gone = await during(() => directory.deleteDomain(account, id));
    expect(gone.toSorted()).toEqual(['apiKey any', 'credential any', `dkimKey ${id}`, 'domain b.example', `domainSource ${id}`]);
  });

  it('has DKIM keys, logins and API keys', async () => {
    const { directory } = stores;
    let id = 0;
    const create = async () => {
      id = (await directory.createDkimKey({ ...makeDkimKey(account, 's2'), domain })).id;
    };
    const ofDomain = [`dkimKey ${domain}`];
    expect(await during(create)).toEqual(ofDomain);
    expect(await during(() => directory.updateDkimKey(account, id, { active: false }))).toEqual(ofDomain);
    expect(await during(() => directory.deleteDkimKey(account, id))).toEqual(ofDomain);

    const login = ['credential x@a.example'];
    expect(await during(() => directory.createCredential(credential('x@a.example')))).toEqual(login);
    expect(await during(() => directory.setCredentialPassword(account, 'x@a.example', 'other'))).toEqual(login);
    expect(await during(() => directory.deleteCredential(account, 'x@a.example'))).toEqual(login);
    await directory.createCredential(credential('y@a.example'));
    expect(await during(() => directory.deleteCredentials(account, domain))).toEqual(['credential any']);

    expect(await during(() => directory.createKey(key('k')))).toEqual(['apiKey k']);
    expect(await during(() => directory.deleteKey(account, 'k', 5))).toEqual(['apiKey k']);
  });

  it('has templates, and with their versions', async () => {
    const { directory } = stores;
    const template = { account, domain, publicId: 't', name: 't', description: '', createdBy: '', createdAt: 1 };
    let id = 0;
    const create = async () => {
      id = (await directory.createTemplate(template, undefined, 10))?.id ?? 0;
    };
    const made = await during(create);
    const ofTemplate = [`template ${id}`];
    expect(made).toEqual(ofTemplate);
    expect(await during(() => directory.updateTemplate(account, id, 'd'))).toEqual(ofTemplate);
    expect(await during(() => directory.createTemplateVersion({ ...version('v'), template: id }, 10))).toEqual(ofTemplate);
    expect(await during(() => directory.putTemplateVersion({ ...version('v'), template: id }, 10))).toEqual(ofTemplate);
    expect(await during(() => directory.updateTemplateVersion(account, id, 'v', { comment: 'c' }))).toEqual(ofTemplate);
    expect(await during(() => directory.deleteTemplateVersion(account, id, 'v'))).toEqual(ofTemplate);
    expect(await during(() => directory.deleteTemplate(account, id))).toEqual(ofTemplate);
    await directory.createTemplate({ ...template, name: 'u', publicId: 'u' }, undefined, 10);
    expect(await during(() => directory.deleteTemplates(account, domain))).toEqual(['template any']);
  });

  it('has pools, and what domains send from', async () => {
    const { directory } = stores;
    const pool = { account, publicId: 'p', name: 'p', description: '', createdAt: 1, addresses: ['192.0.2.1'] };
    let id = 0;
    const create = async () => {
      id = (await directory.createPool(pool)).id;
    };
    expect(await during(create)).toEqual(['pool p']);
    expect(await during(() => directory.updatePool(account, id, { addresses: [] }))).toEqual(['pool p']);
    expect(await during(() => directory.setDomainSource(account, domain, { pool: id }))).toEqual([`domainSource ${domain}`]);
    expect(await during(() => directory.deletePool(account, id, {}))).toEqual([`domainSource ${domain}`, 'pool p']);
    expect(await during(() => directory.addDomainAddress(account, '192.0.2.2'))).toEqual(['domainSource any']);
    expect(await during(() => directory.replaceDomainAddress(account, '192.0.2.2', undefined))).toEqual(['domainSource any']);
  });

  it('says nothing of what changed nothing or was refused, and keeps the order of the commits', async () => {
    const { directory } = stores;
    expect(await during(() => directory.setDomainState(account, 999, 'active'))).toEqual([]);
    expect(await during(() => directory.deleteKey(account, 'none', 5))).toEqual([]);
    const results = await Promise.allSettled([
      directory.createKey(key('one')),
      directory.createCredential(credential('x@a.example')),
      directory.createKey(key('one')),
      directory.createCredential(credential('x@a.example')),
      directory.createKey(key('two')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(told).toEqual(['apiKey one', 'credential x@a.example', 'apiKey two']);
  });

  it('ends for whoever has heard enough', async () => {
    const heard: string[] = [];
    const end = stores.directory.changes.subscribe(({ noun }) => heard.push(noun));
    await stores.directory.createKey(key('one'));
    end();
    await stores.directory.createKey(key('two'));
    expect(heard).toEqual(['apiKey']);
    expect(told).toEqual(['apiKey one', 'apiKey two']);
  });
});
