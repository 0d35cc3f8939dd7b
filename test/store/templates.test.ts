/** Templates and their versions in the store: one active version, limits, pages by name, and nothing across accounts. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TemplateRecord, TemplateVersionRecord } from '#store';
import { ENGINES } from './support/engines.ts';
import { makeDkimKey, makeDomain, type TestStores } from './support/store.ts';

describe.each(ENGINES)('with $name', (engine) => {
  let stores: TestStores;
  let ours: number;
  let theirs: number;
  let domain: number;
  beforeEach(async () => {
    stores = await engine.open();
    const account = (name: string) => stores.directory.createAccount({ publicId: `id of ${name}`, name, signingKey: 'key', createdAt: 1 });
    ours = (await account('ours')).id;
    theirs = (await account('theirs')).id;
    domain = (await stores.directory.createDomain(makeDomain(ours, 'a.example'), makeDkimKey(ours))).id;
  });
  afterEach(() => stores.cleanup());

  const templateOf = (name: string): Omit<TemplateRecord, 'id'> => ({
    account: ours,
    domain,
    publicId: `id of ${name}`,
    name,
    description: 'd',
    createdBy: '',
    createdAt: 5,
  });

  const versionOf = (tag: string, fields: Partial<TemplateVersionRecord> = {}): Omit<TemplateVersionRecord, 'id' | 'template'> => ({
    account: ours,
    publicId: `id of ${tag}`,
    tag,
    engine: 'handlebars',
    source: `<p>${tag}</p>`,
    headers: {},
    comment: '',
    active: false,
    createdAt: 6,
    ...fields,
  });

  async function create(name: string, tag?: string): Promise<number> {
    const template = await stores.directory.createTemplate(templateOf(name), tag === undefined ? undefined : versionOf(tag), 100);
    return template?.id ?? Number.NaN;
  }
  const activeTag = async (template: number) => (await stores.directory.templateVersion(ours, template))?.tag;

  describe('templates', () => {
    it('come with their first version, which is active, and survive a reopen', async () => {
      const headers = { Subject: 'Hi {{name}}' };
      const made = await stores.directory.createTemplate(templateOf('welcome'), versionOf('v1', { headers, comment: 'c' }), 100);
      await stores.reopen();
      const template = await stores.directory.template(ours, domain, 'welcome');
      expect(template).toEqual(made);
      expect(template).toMatchObject(templateOf('welcome'));
      expect(await stores.directory.templateVersion(ours, template?.id ?? 0)).toMatchObject({
        ...versionOf('v1', { headers, comment: 'c' }),
        active: true,
        template: template?.id,
      });
      expect(await stores.directory.template(theirs, domain, 'welcome')).toBeUndefined();
      expect(await stores.directory.templateVersion(theirs, template?.id ?? 0)).toBeUndefined();
    });

    it('have a name of their own and a limit', async () => {
      await create('welcome', 'v1');
      await expect(create('welcome')).rejects.toMatchObject({ kind: 'conflict' });
      await expect(stores.directory.createTemplate({ ...templateOf('x'), account: theirs }, undefined, 100)).rejects.toMatchObject({
        name: 'StoreError',
      });
      expect(await stores.directory.createTemplate(templateOf('more'), undefined, 1)).toBeUndefined();
      expect((await stores.directory.listTemplates(ours, domain, { limit: 10 })).map(({ name }) => name)).toEqual(['welcome']);
    });

    it('are listed by name, forwards and backwards', async () => {
      for (const name of ['c', 'a', 'd', 'b']) await create(name);
      const names = async (page: object) =>
        (await stores.directory.listTemplates(ours, domain, { limit: 2, ...page })).map(({ name }) => name).join('');
      expect(await names({})).toBe('ab');
      expect(await names({ after: 'b' })).toBe('cd');
      expect(await names({ after: 'd' })).toBe('');
      expect(await names({ before: 'd' })).toBe('bc');
      expect(await names({ last: true })).toBe('cd');
      expect(await stores.directory.listTemplates(theirs, domain, { limit: 2 })).toEqual([]);
    });

    it('change and go, only for their owner, alone, together and with their domain', async () => {
      const [first, second] = [await create('a', 'v1'), await create('b', 'v1')];
      expect(await stores.directory.updateTemplate(theirs, first, 'x')).toBe(false);
      expect(await stores.directory.updateTemplate(ours, first, 'x')).toBe(true);
      expect((await stores.directory.template(ours, domain, 'a'))?.description).toBe('x');
      expect(await stores.directory.deleteTemplate(theirs, first)).toBe(false);
      expect(await stores.directory.deleteTemplates(theirs, domain)).toBe(0);
      expect(await activeTag(first)).toBe('v1');
      expect(await stores.directory.deleteTemplate(ours, first)).toBe(true);
      expect(await activeTag(first)).toBeUndefined();
      expect(await stores.directory.deleteTemplates(ours, domain)).toBe(1);
      expect(await activeTag(second)).toBeUndefined();
      await create('c', 'v1');
      expect(await stores.directory.deleteDomain(ours, domain)).toBe(true);
      expect(await stores.directory.listTemplates(ours, domain, { limit: 9 })).toEqual([]);
    });
  });

  describe('versions', () => {
    const add = (template: number, tag: string, fields: Partial<TemplateVersionRecord> = {}, limit = 40) =>
      stores.directory.createTemplateVersion({ ...versionOf(tag, fields), template }, limit);

    it('one is active: the first, then whichever is made so', async () => {
      const template = await create('welcome');
      expect(await activeTag(template)).toBeUndefined();
      expect((await add(template, 'v1'))?.active).toBe(true);
      expect((await add(template, 'v2'))?.active).toBe(false);
      expect(await activeTag(template)).toBe('v1');
      expect((await add(template, 'v3', { active: true }))?.active).toBe(true);
      expect(await activeTag(template)).toBe('v3');
      expect(await stores.directory.updateTemplateVersion(ours, template, 'V2', { active: true, comment: 'x' })).toBe(true);
      const versions = await stores.directory.listTemplateVersions(ours, template, { limit: 9 });
      expect(versions.map(({ tag, active, comment }) => [tag, active, comment])).toEqual([
        ['v1', false, ''],
        ['v2', true, 'x'],
        ['v3', false, ''],
      ]);
      expect(versions[0]).not.toHaveProperty('source');
      expect(await stores.directory.deleteTemplateVersion(ours, template, 'v2')).toBe(true);
      expect(await activeTag(template)).toBeUndefined();
    });

    it('are unique and limited; what is refused changes nothing', async () => {
      const template = await create('welcome', 'v1');
      await expect(add(template, 'V1', { active: true })).rejects.toMatchObject({ kind: 'conflict' });
      expect(await activeTag(template)).toBe('v1');
      await add(template, 'v2');
      expect(await add(template, 'v3', {}, 2)).toBeUndefined();
      await expect(add(template, 'v2', {}, 2)).rejects.toMatchObject({ kind: 'conflict' });
    });

    it('are put over one another, which keeps which one is active', async () => {
      const template = await create('welcome', 'v1');
      const put = (tag: string, source: string, limit = 2) =>
        stores.directory.putTemplateVersion({ ...versionOf(tag, { source, active: false }), template }, limit);
      expect(await put('v1', 'new')).toMatchObject({ tag: 'v1', source: 'new', active: true });
      expect(await put('v2', 'other')).toMatchObject({ active: false });
      expect(await put('v2', 'again')).toMatchObject({ source: 'again' });
      expect(await put('v3', 'more')).toBeUndefined();
      expect((await stores.directory.templateVersion(ours, template, 'v2'))?.source).toBe('again');
      expect((await stores.directory.templateVersion(ours, template))?.source).toBe('new');
    });

    it('keep what is not named, and are out of reach for others', async () => {
      const template = await create('welcome', 'v1');
      expect(await stores.directory.updateTemplateVersion(ours, template, 'v1', { source: 's', headers: { From: 'a@a.example' } })).toBe(
        true,
      );
      expect(await stores.directory.templateVersion(ours, template, 'v1')).toMatchObject({
        ...versionOf('v1', { source: 's', headers: { From: 'a@a.example' } }),
        active: true,
      });
      expect(await stores.directory.updateTemplateVersion(theirs, template, 'v1', { source: 'x' })).toBe(false);
      expect(await stores.directory.updateTemplateVersion(ours, template, 'v9', { source: 'x' })).toBe(false);
      expect(await stores.directory.deleteTemplateVersion(theirs, template, 'v1')).toBe(false);
      expect(await stores.directory.listTemplateVersions(theirs, template, { limit: 9 })).toEqual([]);
      await expect(add(template, 'v2', { account: theirs })).rejects.toMatchObject({ name: 'StoreError' });
    });

    it('are listed by tag, forwards and backwards', async () => {
      const template = await create('welcome', 'b');
      for (const tag of ['d', 'A', 'c']) await add(template, tag);
      const tags = async (page: object) =>
        (await stores.directory.listTemplateVersions(ours, template, { limit: 2, ...page })).map(({ tag }) => tag).join('');
      expect(await tags({})).toBe('Ab');
      expect(await tags({ after: 'b' })).toBe('cd');
      expect(await tags({ before: 'c' })).toBe('Ab');
      expect(await tags({ last: true })).toBe('cd');
    });
  });
});
