/** What Mailgun was recorded to answer about DKIM keys (the Ruby client's cassettes, the Python client's tests against the service), asked of this server. */
import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { file, openWorld, readMessage } from '../scenarios/support/world.js';

const UNPUBLISHED = { is_active: false, valid: 'unknown', record_type: 'TXT', cached: [] };

test('no list calls a key valid that DNS does not show', async () => {
  const world = await openWorld();
  const { api } = world.server;
  const listed = async () => {
    const ofDomain = await api('GET', '/v4/domains/src.test/keys');
    const ofAll = await api('GET', '/v1/dkim/keys', { query: { signing_domain: 'src.test' } });
    expect(ofAll.body.items).toEqual(ofDomain.body.items);
    return ofDomain.body.items as { selector: string; dns_record: { value: string; is_active: boolean; valid: string } }[];
  };
  const shown = async () => (await listed()).map(({ selector, dns_record: { is_active, valid } }) => [selector, is_active, valid]);
  const inDomain = async () => {
    const { body } = await api('GET', '/v4/domains/src.test');
    const records = body.sending_dns_records as { name: string; is_active: boolean; valid: string }[];
    return records.filter(({ name }) => name.includes('_domainkey')).map(({ is_active, valid }) => [is_active, valid]);
  };
  expect((await listed()).map(({ dns_record }) => dns_record)).toMatchObject([UNPUBLISHED]);
  const sandbox = (await api('GET', '/v3/domains')).body.items.find(({ type }: { type: string }) => type === 'sandbox');
  expect((await api('GET', `/v4/domains/${sandbox.name}/keys`)).body.items[0].dns_record).toMatchObject(UNPUBLISHED);

  const made = await api('POST', '/v1/dkim/keys', { form: { signing_domain: 'src.test', selector: 'test', bits: '1024' } });
  expect(made).toMatchObject({ status: 200, body: { signing_domain: 'src.test', selector: 'test', dns_record: UNPUBLISHED } });
  // Its owner may switch it on before it is there; nothing is signed with it until it is.
  expect(await api('PUT', '/v4/domains/src.test/keys/test/activate')).toMatchObject({
    status: 200,
    body: { message: 'domain key activated' },
  });
  expect(await shown()).toEqual([
    ['mailwagon', false, 'unknown'],
    ['test', false, 'unknown'],
  ]);

  const [first] = await listed();
  world.dns.set('mailwagon._domainkey.src.test', { TXT: [first?.dns_record.value.match(/.{1,255}/g) ?? []] });
  await api('PUT', '/v4/domains/src.test/verify');
  expect(await shown()).toEqual([
    ['mailwagon', true, 'valid'],
    ['test', false, 'unknown'],
  ]);
  expect(await inDomain()).toEqual([
    [true, 'valid'],
    [false, 'invalid'],
  ]);
  for (let count = 0; count < 4; count++) await world.send();
  await world.waitForEvents({ accepted: 4, delivered: 4 });
  const selectors = world.mx.messages.map(({ data }) => / s=(\w+);/.exec(readMessage(data).head)?.[1]);
  expect(selectors).toEqual(['mailwagon', 'mailwagon', 'mailwagon', 'mailwagon']);
  expect(await api('PUT', '/v4/domains/src.test/keys/mailwagon/deactivate')).toMatchObject({ status: 400 });
  expect(await api('PUT', '/v4/domains/src.test/keys/test/deactivate')).toMatchObject({
    status: 200,
    body: { message: 'domain key deactivated' },
  });
});

test('refusals have Mailgun’s texts', async () => {
  const { server } = await openWorld();
  const create = (form: Record<string, string>) => server.api('POST', '/v1/dkim/keys', { form: { signing_domain: 'src.test', ...form } });
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const imported = { form: { signing_domain: 'src.test', selector: 'smtp', bits: '2048', pem: file('server.key', privateKey) } };
  expect((await server.api('POST', '/v1/dkim/keys', imported)).status).toBe(200);
  expect(await server.api('POST', '/v1/dkim/keys', imported)).toMatchObject({
    status: 400,
    body: { message: 'failed to create domain key: duplicate key' },
  });
  expect(await create({ selector: 'other', pem: 'lorem ipsum' })).toMatchObject({
    status: 400,
    body: { message: 'failed to import domain key: failed to parse PEM' },
  });
  const remove = () => server.api('DELETE', '/v1/dkim/keys', { query: { signing_domain: 'src.test', selector: 'smtp' } });
  expect(await remove()).toMatchObject({ status: 200, body: { message: 'success' } });
  expect(await remove()).toMatchObject({ status: 404, body: { message: 'domain key not found' } });
});

test('a list of keys is answered whatever page a client asks for', async () => {
  const { server } = await openWorld();
  const query = { page: 'string', limit: '0', signing_domain: 'src.test', selector: 'mailwagon' };
  const { status, body } = await server.api('GET', '/v1/dkim/keys', { query });
  expect(status).toBe(200);
  expect(body.items).toMatchObject([{ signing_domain: 'src.test', selector: 'mailwagon' }]);
  for (const url of Object.values<string>(body.paging)) expect(new URL(url).pathname).toBe('/v1/dkim/keys');
});
