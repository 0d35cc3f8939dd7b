/** Templates over HTTP: the shapes and messages of all twelve endpoints, by hand and through the official client. */
import Mailgun from 'mailgun.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Harness, KEYS, startApi } from './support/harness.js';

let api: Harness;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

const BASE = '/v3/example.com/templates';
const CREATED_AT = 'Wed, 04 Mar 2026 10:15:30 UTC';
const UUID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);

async function call(method: string, path: string, form?: Record<string, string>, key: string = KEYS.admin) {
  const { status, json } = await api.call(method, `${BASE}${path}`, { form, key });
  return [status, json];
}

const version = (tag: string, fields: object = {}) => ({
  tag,
  template: `<p>${tag}</p>`,
  engine: 'handlebars',
  mjml: '',
  createdAt: CREATED_AT,
  comment: '',
  active: true,
  id: UUID,
  headers: {},
  ...fields,
});
const template = (name: string, fields: object = {}) => ({
  name,
  description: '',
  createdAt: CREATED_AT,
  createdBy: '',
  id: UUID,
  ...fields,
});

describe('templates', () => {
  it('are created with and without a version', async () => {
    const form = {
      name: 'Welcome',
      description: 'd',
      createdBy: 'me',
      template: '<p>{{name}}</p>',
      tag: 'v1',
      engine: 'handlebars',
      comment: 'c',
      headers: '{"from": "Shop <shop@example.com>", "Subject": "Hi {{name}}"}',
    };
    const headers = { From: 'Shop <shop@example.com>', Subject: 'Hi {{name}}' };
    const stored = version('v1', { template: '<p>{{name}}</p>', comment: 'c', headers });
    const described = template('welcome', { description: 'd', createdBy: 'me' });
    expect(await call('POST', '', form)).toEqual([
      200,
      { template: { ...described, version: stored }, message: 'template has been stored' },
    ]);
    expect(await call('GET', '/WELCOME')).toEqual([200, { template: described }]);
    expect(await call('GET', '/welcome?active=yes')).toEqual([200, { template: { ...described, version: stored } }]);
    expect(await call('POST', '', { name: 'empty' })).toEqual([200, { template: template('empty'), message: 'template has been stored' }]);
    expect(await call('GET', '/empty?active=true')).toEqual([200, { template: template('empty') }]);
  });

  it('are created from JSON and from a file', async () => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ name: 'json', template: 'x', headers: { 'reply-to': 'help@example.com' } });
    const { json } = await api.call('POST', BASE, { headers, body });
    expect(json.template.version).toEqual(version('initial', { template: 'x', headers: { 'Reply-To': 'help@example.com' } }));
    const form = new FormData();
    form.set('name', 'file');
    form.set('template', new Blob(['<b>from a file</b>']), 'letter.html');
    const authorization = `Basic ${Buffer.from(`api:${KEYS.admin}`).toString('base64')}`;
    const answer = await fetch(`http://127.0.0.1:${api.port}${BASE}`, { method: 'POST', body: form, headers: { authorization } });
    expect(await answer.json()).toMatchObject({ template: { version: { template: '<b>from a file</b>', tag: 'initial' } } });
  });

  it.each([
    [{}, "Parameter 'name' is missing"],
    [{ name: 'x', template: '{{#if a}}' }, "'template' is not a valid template: line 1: syntax error, unexpected end of the template"],
    [{ name: 'x', template: '{{upper a}}' }, "'template' is not a valid template: line 1: unknown helper 'upper'"],
    [{ name: 'x', template: 'y', engine: 'go' }, "'engine' must be 'handlebars', not 'go'"],
    [{ name: 'x', template: 'y', headers: 'nothing' }, "'headers' parameter is not a valid JSON object"],
    [{ name: 'x', template: 'y', headers: '[]' }, "'headers' parameter is not a valid JSON object"],
    [{ name: 'x', template: 'y', headers: '{"To": "a"}' }, "'headers' may name From, Subject, Reply-To, not 'To'"],
    [{ name: 'x', tag: 'v1' }, "'tag' belongs to a version: it needs 'template'"],
    [{ name: 'x', template: 'y', active: 'perhaps' }, "'active' parameter must be either 'yes' or 'no'"],
  ])('refuses %j', async (form, message) => {
    expect(await call('POST', '', form as Record<string, string>)).toEqual([400, { message: expect.stringContaining(message) }]);
    expect((await call('GET', ''))[1].items).toEqual([]);
  });

  it('refuses a name that is taken', async () => {
    await call('POST', '', { name: 'x' });
    expect(await call('POST', '', { name: 'X' })).toEqual([400, { message: "template 'x' already exists" }]);
  });

  it('are listed in pages by name', async () => {
    for (const name of ['c', 'a', 'b & b']) await call('POST', '', { name, template: 'x' });
    const base = `http://127.0.0.1:${api.port}${BASE}`;
    const [status, first] = await call('GET', '?limit=2');
    expect(status).toBe(200);
    expect(first).toEqual({
      items: [template('a'), template('b & b')],
      paging: {
        first: `${base}?limit=2`,
        last: `${base}?page=last&limit=2`,
        next: `${base}?page=next&p=b+%26+b&limit=2`,
        previous: `${base}?page=previous&p=a&limit=2`,
      },
    });
    const follow = async (url: string) => (await api.call('GET', url.slice(url.indexOf('/v3')))).json;
    const names = (page: { items: { name: string }[] }) => page.items.map(({ name }) => name);
    const second = await follow(first.paging.next);
    expect(names(second)).toEqual(['c']);
    const end = await follow(second.paging.next);
    expect(names(end)).toEqual([]);
    expect(names(await follow(end.paging.next))).toEqual([]);
    expect(names(await follow(end.paging.previous))).toEqual(['b & b', 'c']);
    const start = await follow(first.paging.previous);
    expect(names(start)).toEqual([]);
    expect(names(await follow(start.paging.next))).toEqual(['a', 'b & b']);
    expect(names(await follow(first.paging.last))).toEqual(['b & b', 'c']);
    expect(names((await call('GET', '?page=prev&p=c&limit=1'))[1])).toEqual(['b & b']);
    expect(await call('GET', '?limit=101')).toEqual([400, { message: "The 'limit' parameter can't be larger than 100" }]);
    expect(names((await call('GET', '?page=some'))[1])).toEqual(names((await call('GET', ''))[1]));
  });

  it('are updated and deleted, one and all', async () => {
    for (const name of ['a', 'b', 'c']) await call('POST', '', { name, template: 'x' });
    expect(await call('PUT', '/a', { description: 'new' })).toEqual([
      200,
      { template: { name: 'a' }, message: 'template has been updated' },
    ]);
    expect((await call('GET', '/a'))[1].template.description).toBe('new');
    expect(await call('PUT', '/a', {})).toEqual([200, { template: { name: 'a' }, message: 'template has been updated' }]);
    expect((await call('GET', '/a'))[1].template.description).toBe('new');
    expect(await call('DELETE', '/a')).toEqual([200, { template: { name: 'a' }, message: 'template has been deleted' }]);
    for (const method of ['GET', 'PUT', 'DELETE']) expect(await call(method, '/a')).toEqual([404, { message: 'template not found' }]);
    expect(await call('DELETE', '')).toEqual([200, { message: 'templates have been deleted' }]);
    expect((await call('GET', ''))[1].items).toEqual([]);
  });
});

describe('versions', () => {
  beforeEach(async () => {
    await call('POST', '', { name: 't', template: '<p>v1</p>', tag: 'v1' });
  });

  it('are created, read, updated and deleted', async () => {
    expect(await call('POST', '/t/versions', { template: '<p>v2</p>', tag: 'v2', comment: 'c', active: 'yes' as never })).toEqual([
      200,
      { template: template('t', { version: version('v2', { comment: 'c' }) }), message: 'new version of the template has been stored' },
    ]);
    expect(await call('GET', '/t/versions/v1')).toEqual([200, { template: template('t', { version: version('v1', { active: false }) }) }]);
    expect(await call('PUT', '/t/versions/v1', { comment: 'again', active: 'true' })).toEqual([
      200,
      { template: { name: 't', version: { tag: 'v1' } }, message: 'version has been updated' },
    ]);
    expect((await call('GET', '/t?active=yes'))[1].template.version).toEqual(version('v1', { comment: 'again' }));
    expect(await call('DELETE', '/t/versions/v1')).toEqual([
      200,
      { template: { name: 't', version: { tag: 'v1' } }, message: 'version has been deleted' },
    ]);
    expect(await call('GET', '/t?active=yes')).toEqual([200, { template: template('t') }]);
    expect((await call('GET', '/t/versions/v2'))[1].template.version.active).toBe(false);
  });

  it('are refused with the reason', async () => {
    expect(await call('POST', '/t/versions', { template: 'x' })).toEqual([400, { message: "Parameter 'tag' is missing" }]);
    expect(await call('POST', '/t/versions', { tag: 'v2' })).toEqual([400, { message: "'tag' belongs to a version: it needs 'template'" }]);
    expect(await call('POST', '/t/versions', { template: 'x', tag: 'V1' })).toEqual([400, { message: "version 'v1' already exists" }]);
    const broken = { message: expect.stringContaining("'template' is not a valid template: line 1") };
    expect(await call('POST', '/t/versions', { template: '{{/if}}', tag: 'v2' })).toEqual([400, broken]);
    expect(await call('PUT', '/t/versions/v1', { template: '{{/if}}' })).toEqual([400, broken]);
    expect(await call('PUT', '/t/versions/v1', { active: 'no' })).toEqual([
      400,
      { message: expect.stringContaining('make another version') },
    ]);
    for (const [method, path] of [
      ['GET', '/t/versions/v9'],
      ['PUT', '/t/versions/v9'],
      ['DELETE', '/t/versions/v9'],
      ['PUT', '/t/versions/v9/copy/v10'],
    ] as const) {
      expect(await call(method, path)).toEqual([404, { message: 'version not found' }]);
    }
    expect(await call('GET', '/none/versions')).toEqual([404, { message: 'template not found' }]);
  });

  it('are listed in pages by tag, without their texts', async () => {
    await call('POST', '/t/versions', { template: 'x', tag: 'v2', headers: '{"Subject": "s"}' });
    await call('POST', '/t/versions', { template: 'x', tag: 'v3' });
    const url = `http://127.0.0.1:${api.port}${BASE}/t/versions`;
    const short = (tag: string, fields: object) => version(tag, { template: undefined, ...fields });
    expect(await call('GET', '/t/versions?limit=2')).toEqual([
      200,
      {
        template: template('t', { versions: [short('v1', {}), short('v2', { active: false, headers: { Subject: 's' } })] }),
        paging: {
          first: `${url}?limit=2`,
          last: `${url}?page=last&limit=2`,
          next: `${url}?page=next&p=v2&limit=2`,
          previous: `${url}?page=previous&p=v1&limit=2`,
        },
      },
    ]);
    expect((await call('GET', '/t/versions?page=next&p=v2'))[1].template.versions).toEqual([short('v3', { active: false })]);
  });

  it('are copied to a new tag, and over an existing one', async () => {
    const copied = version('v 2', { template: '<p>v1</p>', active: false, comment: 'copy' });
    expect(await call('PUT', '/t/versions/v1/copy/v%202?comment=copy')).toEqual([
      200,
      { version: copied, template: copied, message: 'version has been copied' },
    ]);
    await call('PUT', '/t/versions/v1', { template: 'changed' });
    const [status, { version: over }] = await call('PUT', '/t/versions/v1/copy/v%202');
    expect([status, over]).toEqual([200, version('v 2', { template: 'changed', active: false })]);
    const [, { version: back }] = await call('PUT', '/t/versions/v%202/copy/v1');
    expect(back.active).toBe(true);
    expect((await call('GET', '/t/versions'))[1].template.versions).toHaveLength(2);
  });
});

it('another account has none of it', async () => {
  await call('POST', '', { name: 't', template: 'x', tag: 'v1' });
  for (const [method, path] of [
    ['GET', ''],
    ['POST', ''],
    ['DELETE', ''],
    ['GET', '/t'],
    ['PUT', '/t/versions/v1/copy/v2'],
  ] as const) {
    expect(await call(method, path, { name: 'x' }, KEYS.other)).toEqual([404, { message: 'domain not found' }]);
  }
  expect(await api.call('GET', '/v3/other.example/templates/t', { key: KEYS.other })).toMatchObject({ status: 404 });
  expect((await call('GET', ''))[1].items).toHaveLength(1);
  expect((await call('DELETE', '', undefined, KEYS.analyst))[0]).toBe(403);
});

describe('the official client', () => {
  const client = () =>
    new Mailgun(FormData).client({ username: 'api', key: KEYS.admin, url: `http://127.0.0.1:${api.port}` }).domains.domainTemplates;

  it('creates, lists, reads, changes and deletes', async () => {
    const templates = client();
    const created = await templates.create('example.com', {
      name: 'Letter',
      description: 'd',
      template: '<p>{{name}}</p>',
      tag: 'v1',
      comment: 'first',
    });
    expect(created).toMatchObject({ name: 'letter', description: 'd', version: { tag: 'v1', template: '<p>{{name}}</p>', active: true } });
    expect(created.createdAt).toEqual(new Date('2026-03-04T10:15:30Z'));
    expect(await templates.get('example.com', 'letter', { active: 'yes' as never })).toMatchObject({
      version: { tag: 'v1', comment: 'first' },
    });
    expect(await templates.update('example.com', 'letter', { description: 'new' })).toMatchObject({
      status: 200,
      message: 'template has been updated',
      templateName: 'letter',
    });
    const added = await templates.createVersion('example.com', 'letter', { template: 'two', tag: 'v2', active: 'yes' as never });
    expect(added).toMatchObject({
      status: 200,
      message: 'new version of the template has been stored',
      template: { version: { tag: 'v2' } },
    });
    expect(await templates.getVersion('example.com', 'letter', 'v2')).toMatchObject({ version: { template: 'two', active: true } });
    const changed = await templates.updateVersion('example.com', 'letter', 'v1', { template: 'eins', active: 'yes' as never });
    expect(changed).toMatchObject({ status: 200, templateName: 'letter', templateVersion: { tag: 'v1' } });
    const versions = await templates.listVersions('example.com', 'letter', { limit: 1 });
    expect(versions).toMatchObject({
      template: { name: 'letter', versions: [{ tag: 'v1', active: true }] },
      pages: { next: { page: '?page=next&p=v1&limit=1' } },
    });
    const more = await templates.listVersions('example.com', 'letter', { limit: 1, ...({ page: 'next', p: 'v1' } as object) });
    expect(more).toMatchObject({ template: { versions: [{ tag: 'v2' }] } });
    expect(await templates.destroyVersion('example.com', 'letter', 'v2')).toMatchObject({ status: 200, templateVersion: { tag: 'v2' } });
    expect(await templates.destroy('example.com', 'letter')).toMatchObject({ status: 200, message: 'template has been deleted' });
    await expect(templates.get('example.com', 'letter')).rejects.toMatchObject({ status: 404, details: 'template not found' });
    expect(await templates.destroyAll('example.com')).toMatchObject({ status: 200, message: 'templates have been deleted' });
  });

  it('walks through pages', async () => {
    const templates = client();
    for (const name of ['a', 'b', 'c', 'd', 'e']) await templates.create('example.com', { name, description: '', template: 'x' });
    const seen: string[] = [];
    let page = await templates.list('example.com', { limit: 2 });
    while (page.items.length > 0) {
      seen.push(...page.items.map(({ name }) => name));
      page = await templates.list('example.com', { limit: 2, page: page.pages.next.page as never });
    }
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});
