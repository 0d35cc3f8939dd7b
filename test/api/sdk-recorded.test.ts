/**
 * Calls that Mailgun's own clients were recorded to make and what the service answered (cassettes of the Ruby client, tests of the Python client),
 * in our words: the fields that their authors look at.
 */
import { expect, test } from 'vitest';
import { openWorld } from '../scenarios/support/world.js';

type World = Awaited<ReturnType<typeof openWorld>>;

/** A request as it goes over the wire. */
async function wire({ server }: World, method: string, path: string, body?: string, type = 'application/x-www-form-urlencoded') {
  const authorization = `Basic ${Buffer.from(`api:${server.keys.apiKey}`).toString('base64')}`;
  const headers = { authorization, ...(body === undefined ? {} : { 'content-type': type }) };
  const response = await fetch(server.url + path, { method, headers, ...(body === undefined ? {} : { body }) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test('a domain’s life as the Ruby client leads it', async () => {
  const world = await openWorld();
  const call = (method: string, path: string, body?: string) => wire(world, method, path, body);
  const name = 'integration-test.domain.invalid';
  const made = await call('POST', '/v4/domains', `name=${name}&smtp_password&spam_action=tag&wildcard=false`);
  const shown = {
    ...{ name, is_disabled: false, require_tls: false, skip_verification: false, spam_action: 'tag', state: 'unverified', type: 'custom' },
    ...{ smtp_login: `postmaster@${name}`, use_automatic_sender_security: false, web_prefix: 'email', wildcard: false },
    id: expect.stringMatching(/^[0-9a-f]{24}$/),
  };
  expect(made).toMatchObject({ status: 200, body: { message: 'Domain DNS records have been created', domain: shown } });
  for (const records of ['receiving_dns_records', 'sending_dns_records']) expect(made.body[records]).not.toHaveLength(0);
  expect(await call('GET', `/v4/domains/${name}`)).toMatchObject({ status: 200, body: { domain: shown } });
  // The newest first.
  const { body: list } = await call('GET', '/v4/domains');
  expect(list).toMatchObject({ total_count: 3, items: [{ name }, { name: 'src.test' }, { type: 'sandbox' }] });

  const note = "Please store your new password(s) now. You won't be able to see it anymore.";
  const login = `test_login@${name}`;
  const given = { note, credentials: { [login]: expect.any(String) } };
  const credentials = `/v3/domains/${name}/credentials`;
  expect(await call('POST', credentials, 'login=test_login')).toEqual({
    status: 200,
    body: { message: 'Created 1 credentials pair(s)', ...given },
  });
  expect(await call('PUT', `${credentials}/test_login`, 'spec=abc')).toEqual({
    status: 200,
    body: { message: 'Password changed', ...given },
  });
  expect(await call('DELETE', `${credentials}/test_login`)).toEqual({
    status: 200,
    body: { message: 'Credentials have been deleted', spec: login },
  });
  expect((await call('PUT', `/v3/domains/${name}/web_prefix`, 'web_prefix=email')).body).toEqual({ message: 'Domain web prefix updated' });
  expect((await call('PUT', `/v4/domains/${name}/verify`)).body).toMatchObject({ message: 'Domain DNS records have been updated' });
  expect((await call('DELETE', `/v3/domains/${name}`)).status).toBe(200);
});

test('fields that the Python client labels multipart without a boundary are read', async () => {
  const world = await openWorld();
  const data =
    'email=dev%40example.com&domain_name=src.test&kind=web&expiration=3600&role=basic&user_id=1&user_name=D&description=a+new+key';
  const made = await wire(world, 'POST', '/v1/keys', data, 'multipart/form-data');
  expect(made).toMatchObject({
    status: 200,
    body: { message: 'great success', key: { requestor: 'dev@example.com', description: 'a new key' } },
  });
  expect((await wire(world, 'POST', '/v1/keys', '--x\r\nno: part\r\n', 'multipart/form-data')).status).toBe(400);
});

test('a list of templates shows the active versions that the Go client asks for', async () => {
  const world = await openWorld();
  const templates = '/v3/src.test/templates';
  await wire(world, 'POST', templates, 'name=one&template=%7B%7Bx%7D%7D&tag=first');
  await wire(world, 'POST', templates, 'name=two');
  expect((await wire(world, 'GET', `${templates}?limit=10&active=yes`)).body.items).toMatchObject([
    { name: 'one', version: { tag: 'first', active: true, template: '{{x}}' } },
    { name: 'two' },
  ]);
  const { items } = (await wire(world, 'GET', templates)).body as { items: object[] };
  for (const item of items) expect(item).not.toHaveProperty('version');
});
