/** What Mailgun was recorded to answer about templates (the Ruby client's cassettes), asked of this server. */
import { expect, test } from 'vitest';
import { openWorld } from '../scenarios/support/world.js';

const NEW = {
  name: 'test.template',
  description: 'Test',
  template: '{{fname}} {{lname}}',
  comment: 'test comment',
  headers: '{"Subject": "{{subject}}"}',
};
const FIRST = { template: '{{fname}} {{lname}}', engine: 'handlebars', mjml: '', comment: 'test comment', active: true };

test('tags are shown in lower case, and lists leave the text out', async () => {
  const { server } = await openWorld();
  const path = '/v3/src.test/templates/test.template/versions';
  const made = await server.api('POST', '/v3/src.test/templates', { form: { ...NEW, tag: 'V1' } });
  expect(made).toMatchObject({ status: 200, body: { message: 'template has been stored', template: { name: 'test.template' } } });
  expect(made.body.template.version).toMatchObject({ ...FIRST, tag: 'v1', headers: { Subject: '{{subject}}' } });
  const { name: _name, description: _description, ...version } = NEW;
  const added = await server.api('POST', path, { form: { ...version, tag: 'V2', active: 'yes' } });
  expect(added.body.template.version).toMatchObject({ ...FIRST, tag: 'v2' });
  expect((await server.api('GET', `${path}/V2`)).body.template.version).toMatchObject({ tag: 'v2', template: '{{fname}} {{lname}}' });
  const { body } = await server.api('GET', path);
  expect(body.template.versions).toMatchObject([
    { tag: 'v1', active: false },
    { tag: 'v2', active: true },
  ]);
  for (const shown of body.template.versions) expect(shown).not.toHaveProperty('template');
  expect(await server.api('PUT', `${path}/V2/copy/V3`, { query: { comment: 'copy' } })).toMatchObject({
    status: 200,
    body: { message: 'version has been copied', version: { tag: 'v3' } },
  });
  expect(await server.api('DELETE', `${path}/V1`)).toMatchObject({
    body: { message: 'version has been deleted', template: { name: 'test.template', version: { tag: 'v1' } } },
  });
});

test('every call about a domain that the account does not have is answered with the text of templates', async () => {
  const { server } = await openWorld();
  const one = '/v3/none.test/templates/test.template';
  const calls = [
    ['POST', '/v3/none.test/templates'],
    ['GET', '/v3/none.test/templates'],
    ['DELETE', '/v3/none.test/templates'],
    ['GET', one],
    ['PUT', one],
    ['DELETE', one],
    ['POST', `${one}/versions`],
    ['GET', `${one}/versions`],
    ['GET', `${one}/versions/v2`],
    ['PUT', `${one}/versions/v2`],
    ['DELETE', `${one}/versions/v2`],
  ] as const;
  for (const [method, path] of calls) {
    expect([method, path, await server.api(method, path, method === 'GET' ? {} : { form: NEW })]).toMatchObject([
      method,
      path,
      { status: 404, body: { message: 'domain not found' } },
    ]);
  }
});
