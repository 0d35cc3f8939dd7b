/** Templates of a domain over the real store: what may be stored, which version is active, what is remembered, and nothing across accounts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#core';
import { makeDirectory } from '#directory';
import { type DomainRecord, openStores, type Stores } from '#store';
import { tempDir } from '../../support/temp-dir.mjs';

let stores: Stores;
let folder: ReturnType<typeof tempDir>;
let directory: ReturnType<typeof makeDirectory>;
let mine: number;
let theirs: number;
let domain: DomainRecord;

beforeAll(async () => {
  folder = tempDir();
  stores = await openStores({ dataDir: folder.path, onFatal: (error) => expect.fail(error.message) });
  const dns = { query: async () => ({ kind: 'failed' as const }) };
  directory = makeDirectory({
    store: stores.directory,
    clock: systemClock,
    hostname: 'mail.host.example',
    serverKey: new Uint8Array(32),
    dns: dns as unknown as Parameters<typeof makeDirectory>[0]['dns'],
  });
  mine = (await directory.accounts.create('mine')).id;
  theirs = (await directory.accounts.create('theirs')).id;
  domain = await directory.domains.create(mine, { name: 'a.example', dkimKeySize: 1024 });
  await directory.domains.create(theirs, { name: 'b.example', dkimKeySize: 1024 });
});

afterAll(async () => {
  await stores.close();
  await folder.cleanup();
});

const create = (name: string, source = '<p>{{name}}</p>', more: object = {}) =>
  directory.templates.create(mine, 'a.example', { name, version: { source, ...more } });
const refusal = (httpStatus: number, text: string) => ({ name: 'Refusal', httpStatus, publicText: expect.stringContaining(text) });

describe('creation', () => {
  it('lower-cases the name, calls the first version initial, and makes it active', async () => {
    const { template, version } = await create('  Größe.TEST ');
    expect(template).toMatchObject({ name: 'größe.test', description: '', createdBy: '' });
    expect(version).toMatchObject({ tag: 'initial', engine: 'handlebars', active: true, source: '<p>{{name}}</p>', headers: {} });
    expect(await directory.templates.get(mine, 'a.example', 'GRÖSSE.test'.replace('SS', 'ß'))).toEqual(template);
  });

  it('may leave the version out', async () => {
    expect(await directory.templates.create(mine, 'A.Example', { name: 'empty' })).toEqual({
      template: expect.objectContaining({ name: 'empty' }),
    });
    await expect(directory.templates.ready(domain, 'empty')).rejects.toMatchObject(refusal(400, "template 'empty' has no active version"));
    expect(await directory.templates.active(mine, 'a.example', 'empty')).not.toHaveProperty('version');
  });

  it.each([
    ['', 'x', {}, "'name' must have"],
    ['a\u0000', 'x', {}, "'name' must have"],
    ['n'.repeat(256), 'x', {}, "'name' must have"],
    ['bad', 'a\n{{#if x}}', {}, "'template' is not a valid template: line 2: syntax error, unexpected end of the template"],
    ['bad', '{{> header}}', {}, 'partials'],
    ['bad', 'x', { engine: 'go' }, "'engine' must be 'handlebars', not 'go'"],
    ['bad', 'x', { tag: ' ' }, "'tag' must have"],
    ['bad', 'x', { comment: 'c'.repeat(2001) }, "'comment' may have"],
    ['bad', 'x', { headers: { 'X-Mine': 'y' } }, "'headers' may name From, Subject, Reply-To, not 'X-Mine'"],
    ['bad', 'x', { headers: { Subject: 'y', subject: 'z' } }, "'headers' names Subject twice"],
    ['bad', 'x', { headers: { Subject: 5 } }, "The Subject of 'headers' must be a text"],
    ['bad', 'x', { headers: { Subject: 'a\r\nBcc: b' } }, "The Subject of 'headers' must be one line"],
    ['bad', 'x', { headers: { Subject: '{{#if}}' } }, "The Subject of 'headers' is not a valid template: line 1:"],
  ])('refuses name %j, source %j and %j', async (name, source, more, text) => {
    await expect(create(name, source, more)).rejects.toMatchObject(refusal(400, text));
    await expect(directory.templates.get(mine, 'a.example', 'bad')).rejects.toMatchObject(refusal(404, 'template not found'));
  });

  it('takes a name once', async () => {
    await create('twice');
    await expect(create('TWICE')).rejects.toMatchObject(refusal(400, "template 'twice' already exists"));
  });

  it('stops at a hundred templates and forty versions', async () => {
    await directory.domains.create(mine, { name: 'full.example', dkimKeySize: 1024 });
    const add = (name: string) => directory.templates.create(mine, 'full.example', { name, version: { source: 'x', tag: 'v0' } });
    await Promise.all(Array.from({ length: 99 }, (_, index) => add(`t${index}`)));
    const results = await Promise.allSettled([add('a'), add('b')]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(add('c')).rejects.toMatchObject(refusal(400, 'A domain may have at most 100 templates'));
    const version = (tag: string) => directory.templates.createVersion(mine, 'full.example', 't0', { tag, source: 'x' });
    await Promise.all(Array.from({ length: 39 }, (_, index) => version(`v${index + 1}`)));
    await expect(version('more')).rejects.toMatchObject(refusal(400, 'A template may have at most 40 versions'));
    await expect(version('V1')).rejects.toMatchObject(refusal(400, "version 'v1' already exists"));
    await expect(directory.templates.copyVersion(mine, 'full.example', 't0', 'v1', 'more')).rejects.toMatchObject(
      refusal(400, 'at most 40'),
    );
    expect((await directory.templates.copyVersion(mine, 'full.example', 't0', 'v1', 'v2', 'copied')).version.comment).toBe('copied');
    expect(await directory.templates.removeAll(mine, 'full.example')).toBe(100);
  });
});

describe('versions', () => {
  it('change what is sent at once', async () => {
    await create('letter', 'one {{name}}', { headers: { subject: 'Hi {{name}}' } });
    const sent = async (tag?: string) => {
      const ready = await directory.templates.ready(domain, 'Letter', tag);
      return [
        ready.tag,
        ready.html.render({ name: '<b>' }),
        ...ready.headers.map(({ name, template }) => `${name}: ${template.render({ name: '<b>' })}`),
      ];
    };
    expect(await sent()).toEqual(['initial', 'one &lt;b&gt;', 'Subject: Hi <b>']);
    await directory.templates.createVersion(mine, 'a.example', 'letter', { tag: 'v2', source: 'two' });
    expect(await sent()).toEqual(['initial', 'one &lt;b&gt;', 'Subject: Hi <b>']);
    expect(await sent('V2')).toEqual(['v2', 'two']);
    await directory.templates.updateVersion(mine, 'a.example', 'letter', 'v2', { active: true, source: 'deux' });
    expect(await sent()).toEqual(['v2', 'deux']);
    await directory.templates.copyVersion(mine, 'a.example', 'letter', 'initial', 'v2');
    expect(await sent()).toEqual(['v2', 'one &lt;b&gt;', 'Subject: Hi <b>']);
    await directory.templates.removeVersion(mine, 'a.example', 'letter', 'v2');
    await expect(sent()).rejects.toMatchObject(refusal(400, "template 'Letter' has no active version"));
    await expect(sent('v9')).rejects.toMatchObject(refusal(400, "version 'v9' of template 'Letter' not found"));
    await directory.templates.remove(mine, 'a.example', 'letter');
    await expect(sent('initial')).rejects.toMatchObject(refusal(400, "template 'Letter' not found"));
  });

  it('refuse what would leave the template without its active version, or does not compile', async () => {
    await create('careful');
    const update = (changes: object) => directory.templates.updateVersion(mine, 'a.example', 'careful', 'initial', changes);
    await expect(update({ active: false })).rejects.toMatchObject(refusal(400, 'make another version active instead'));
    await expect(update({ source: '{{#if}}' })).rejects.toMatchObject(refusal(400, "'template' is not a valid template"));
    expect((await update({ comment: 'new' })).version).toMatchObject({ comment: 'new', source: '<p>{{name}}</p>', active: true });
  });
});

it('nothing is seen or changed across accounts', async () => {
  await create('secret');
  const { templates } = directory;
  const asOther = [
    () => templates.list(theirs, 'a.example', { limit: 9 }),
    () => templates.get(theirs, 'a.example', 'secret'),
    () => templates.create(theirs, 'a.example', { name: 'x' }),
    () => templates.update(theirs, 'a.example', 'secret', 'x'),
    () => templates.remove(theirs, 'a.example', 'secret'),
    () => templates.removeAll(theirs, 'a.example'),
    () => templates.versions(theirs, 'a.example', 'secret', { limit: 9 }),
    () => templates.copyVersion(theirs, 'a.example', 'secret', 'initial', 'x'),
    () => templates.removeVersion(theirs, 'a.example', 'secret', 'initial'),
  ];
  for (const call of asOther) await expect(call()).rejects.toMatchObject(refusal(404, 'domain not found'));
  await expect(templates.get(theirs, 'b.example', 'secret')).rejects.toMatchObject(refusal(404, 'template not found'));
  expect(await templates.get(mine, 'a.example', 'secret')).toMatchObject({ name: 'secret' });
});
