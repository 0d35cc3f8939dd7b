/** Every method of `domains.domainTemplates` of Mailgun's own JavaScript client, against a running server. */
import { expect, test, vi } from 'vitest';
import { openWorld, type World } from '../scenarios/support/world.js';
import { connectMailgun } from './support/mailgun-client.mjs';

const connect = ({ server }: World, way?: 'form-data') => connectMailgun(server.url, server.keys.apiKey, way).domains.domainTemplates;
const SOURCE = '<p>Hello {{name}}</p>';

test('create, get, update and destroy', async () => {
  const world = await openWorld();
  const templates = connect(world);
  const data = {
    name: 'Welcome',
    description: 'First',
    template: SOURCE,
    tag: 'v1',
    engine: 'handlebars',
    comment: 'one',
    createdBy: 'me',
  };
  const created = await templates.create(world.domain, data);
  expect(created).toMatchObject({
    ...{ name: 'welcome', description: 'First', createdBy: 'me', id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    version: { tag: 'v1', template: SOURCE, engine: 'handlebars', comment: 'one', active: true },
  });
  expect(Number.isNaN(new Date(created.createdAt).getTime())).toBe(false);
  expect(await templates.get(world.domain, 'welcome')).toMatchObject({ name: 'welcome', description: 'First', id: created.id });
  expect((await templates.get(world.domain, 'welcome')).version).toBeUndefined();
  const active = await templates.get(world.domain, 'welcome', { active: 'yes' });
  expect(active.version).toMatchObject({ tag: 'v1', template: SOURCE, active: true });

  expect(await templates.update(world.domain, 'welcome', { description: 'Second' })).toMatchObject({
    ...{ status: 200, message: 'template has been updated', templateName: 'welcome' },
  });
  expect(await templates.get(world.domain, 'welcome')).toMatchObject({ description: 'Second' });
  expect(await templates.destroy(world.domain, 'welcome')).toMatchObject({
    ...{ status: 200, message: 'template has been deleted', templateName: 'welcome' },
  });
  await expect(templates.get(world.domain, 'welcome')).rejects.toMatchObject({ status: 404 });
  await expect(templates.create(world.domain, { ...data, template: '{{#if}' })).rejects.toMatchObject({ status: 400 });
});

test('versions: create, get, list, update and destroy', async () => {
  const world = await openWorld();
  const templates = connect(world);
  await templates.create(world.domain, { name: 'order', description: 'Order', template: SOURCE });
  const added = await templates.createVersion(world.domain, 'order', {
    template: '<b>{{name}}</b>',
    tag: 'v2',
    comment: 'two',
    active: 'yes',
  });
  expect(added).toMatchObject({
    ...{ status: 200, message: 'new version of the template has been stored' },
    template: { name: 'order', version: { tag: 'v2', template: '<b>{{name}}</b>', active: true, comment: 'two' } },
  });
  expect((await templates.getVersion(world.domain, 'order', 'v2')).version).toMatchObject({
    tag: 'v2',
    template: '<b>{{name}}</b>',
    active: true,
  });

  const { template, pages } = await templates.listVersions(world.domain, 'order');
  expect(template.versions?.map(({ tag, active }) => [tag, active])).toEqual([
    ['initial', false],
    ['v2', true],
  ]);
  for (const page of [pages.first, pages.previous, pages.next, pages.last]) expect(page?.page).toMatch(/^\?/);

  const changed = await templates.updateVersion(world.domain, 'order', 'initial', {
    template: '<i>{{name}}</i>',
    comment: 'back',
    active: 'yes',
  });
  expect(changed).toMatchObject({
    status: 200,
    message: 'version has been updated',
    templateName: 'order',
    templateVersion: { tag: 'initial' },
  });
  expect((await templates.get(world.domain, 'order', { active: 'yes' })).version).toMatchObject({
    tag: 'initial',
    template: '<i>{{name}}</i>',
    comment: 'back',
  });

  const gone = await templates.destroyVersion(world.domain, 'order', 'v2');
  expect(gone).toMatchObject({ status: 200, message: 'version has been deleted', templateName: 'order', templateVersion: { tag: 'v2' } });
  await expect(templates.getVersion(world.domain, 'order', 'v2')).rejects.toMatchObject({ status: 404 });
  await expect(templates.createVersion(world.domain, 'order', { template: SOURCE, tag: 'initial' })).rejects.toMatchObject({
    status: expect.any(Number),
  });
});

test('list follows its pages there and back; destroyAll leaves none', async () => {
  const world = await openWorld();
  const templates = connect(world);
  const names = Array.from({ length: 7 }, (_, index) => `template-${index}`);
  for (const name of names) await templates.create(world.domain, { name, description: name, template: SOURCE });
  const seen: string[] = [];
  let page = await templates.list(world.domain, { limit: 3 });
  const first = page.items.map(({ name }) => name);
  while (page.items.length > 0) {
    seen.push(...page.items.map(({ name }) => name));
    page = await templates.list(world.domain, { page: page.pages.next?.page });
  }
  expect(seen).toEqual(names);
  const last = await templates.list(world.domain, { page: page.pages.last?.page });
  expect(last.items.at(-1)?.name).toBe('template-6');
  const back = await templates.list(world.domain, {
    page: (await templates.list(world.domain, { limit: 3, page: '?page=next&p=template-2' })).pages.previous?.page,
  });
  expect(back.items.map(({ name }) => name)).toEqual(first);
  expect(await templates.destroyAll(world.domain)).toMatchObject({ status: 200, message: 'templates have been deleted' });
  expect((await templates.list(world.domain)).items).toEqual([]);
});

test('headers as text, and as the object that the client makes a text of', async () => {
  const world = await openWorld();
  const headers = { From: 'Shop <shop@src.test>', Subject: 'Order {{id}}', 'Reply-To': 'help@src.test' };
  const byText = await connect(world).create(world.domain, {
    name: 'text',
    description: '',
    template: SOURCE,
    headers: JSON.stringify(headers),
  });
  expect(byText.version?.headers).toEqual(headers);
  // The client says that it does so.
  const warning = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const byObject = await connect(world, 'form-data').create(world.domain, { name: 'object', description: 'd', template: SOURCE, headers });
  expect(byObject.version?.headers).toEqual(headers);
  warning.mockRestore();
});
