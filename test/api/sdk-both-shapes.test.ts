/** Where clients read the same answer in different places, all of them find it; and what one client calls in its own way is answered. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorld } from '../scenarios/support/world.js';
import { type Harness, startApi } from './support/harness.js';

const IP = '192.0.2.10';

describe('with a server of its own addresses', () => {
  let api: Harness;
  beforeEach(async () => {
    api = await startApi();
  });
  afterEach(() => api.stop());
  const call = async (method: string, path: string, form?: Record<string, string>) => {
    const { status, json } = await api.call(method, path, form === undefined ? {} : { form });
    return { status, json };
  };

  it('shows connection settings flat and below `connection`', async () => {
    const path = '/v3/domains/example.com/connection';
    const off = { require_tls: false, skip_verification: false };
    expect(await call('GET', path)).toEqual({ status: 200, json: { ...off, connection: off } });
    const on = { require_tls: true, skip_verification: true };
    expect(await call('PUT', path, { require_tls: 'true', skip_verification: 'true' })).toEqual({
      status: 200,
      json: {
        message: 'Domain connection settings have been updated, may take 10 minutes to fully propagate',
        ...{ ...on, connection: on, 'require-tls': true, 'skip-verification': true },
      },
    });
  });

  it('shows the name of an address, also when it has none', async () => {
    expect(await call('GET', `/v3/ips/${IP}`)).toEqual({ status: 200, json: { ip: IP, dedicated: true, rdns: '', is_on_warmup: false } });
  });

  it('numbers what Mailgun does in the background', async () => {
    const started = { status: 200, json: { message: 'started', reference_id: expect.stringMatching(/^[0-9a-f]{24}$/) } };
    expect(await call('POST', `/v3/ips/${IP}/domains`)).toEqual(started);
    expect(await call('DELETE', `/v3/ips/${IP}/domains`)).toEqual(started);
  });

  it('shows a warm-up in the names of the list and in those of the manual', async () => {
    await call('POST', `/v3/ip_warmups/${IP}`);
    const { json } = await call('GET', `/v3/ip_warmups/${IP}`);
    expect(json.details).toMatchObject({ stage_number: 1, stage_start_volume: 0, stage_volume_limit: 1000, stage: 1, stage_limit: 1000 });
    expect(json.details.stage_start_time).toBe(json.details.stage_started_at);
    expect((await call('GET', '/v3/ip_warmups')).json.items[0].stage_start_time).toBe(json.details.stage_start_time);
  });

  it('gives a domain an address at v4 as at v3', async () => {
    expect(await call('POST', '/v4/domains/example.com/ips', { ip: IP })).toEqual({ status: 200, json: { message: 'success' } });
    for (const version of ['v3', 'v4']) expect((await call('GET', `/${version}/domains/example.com/ips`)).json.items).toEqual([IP]);
    expect(await call('DELETE', `/v4/domains/example.com/ips/${IP}`)).toEqual({ status: 200, json: { message: 'success' } });
  });

  it('has pools at v1 as well, made with `ips` or `add_ip`', async () => {
    const { json } = await call('POST', '/v1/ip_pools', { name: 'test_pool', description: 'Test', add_ip: IP });
    expect((await call('GET', `/v1/ip_pools/${json.pool_id}`)).json).toMatchObject({
      name: 'test_pool',
      ips: [IP],
      details: { ips: [IP] },
    });
    expect((await call('GET', `/v3/ip_pools/${json.pool_id}/domains?limit=10&page=test`)).json.domains).toEqual([]);
    expect(await call('PATCH', `/v1/ip_pools/${json.pool_id}`, { name: 'test_pool1' })).toMatchObject({ json: { message: 'success' } });
    expect(await call('DELETE', `/v1/ip_pools/${json.pool_id}`)).toMatchObject({ json: { message: 'started' } });
  });

  it.each(['/v4/domains', '/v3/ips', '/v3/ip_pools', '/v1/keys', '/v1/dkim/keys', '/v3/example.com/templates', '/v3/example.com/events'])(
    'answers a list with the query that Ruby makes: %s',
    async (path) => {
      for (const hash of ['{:limit=>"5", "page"=>"first"}', '{limit: "5"}', '{}', 'nil']) {
        const { status } = await call('GET', `${path}?params=${encodeURIComponent(hash.replace('first', ''))}`);
        expect([path, hash, status]).toEqual([path, hash, 200]);
      }
    },
  );
});

it('deletes a DKIM key that is named by a hash as Ruby prints it', async () => {
  const { server } = await openWorld();
  for (const selector of ['one', 'two']) {
    await server.api('POST', '/v1/dkim/keys', { form: { signing_domain: 'src.test', selector, bits: '1024' } });
  }
  const remove = (hash: string) => server.api('DELETE', `/v1/dkim/keys?params=${encodeURIComponent(hash)}`);
  const success = { status: 200, body: { message: 'success' } };
  expect(await remove('{:signing_domain=>"src.test", :selector=>"one"}')).toMatchObject(success);
  expect(await remove('{signing_domain: "src.test", selector: "two"}')).toMatchObject(success);
  expect(await remove('{signing_domain: "src.test"}')).toMatchObject({ status: 400 });
  const { body } = await server.api('GET', '/v4/domains/src.test/keys');
  expect(body.items.map(({ selector }: { selector: string }) => selector)).toEqual(['mailwagon']);
});

it('keeps whom a key was made for', async () => {
  const { server } = await openWorld();
  const form = {
    ...{ email: 'dev@example.com', domain_name: 'src.test', kind: 'web', expiration: '3600', role: 'basic' },
    ...{ user_id: '5f8f', user_name: 'A Developer', description: 'a new key' },
  };
  const shown = {
    requestor: 'dev@example.com',
    user_name: 'A Developer',
    user_id: '5f8f',
    kind: 'web',
    role: 'basic',
    domain_name: 'src.test',
  };
  const made = await server.api('POST', '/v1/keys', { form });
  expect(made).toMatchObject({ status: 200, body: { message: 'great success', key: shown, ...shown } });
  const { body } = await server.api('GET', '/v1/keys', { query: { domain_name: 'src.test', kind: 'web' } });
  expect(body).toMatchObject({ total_count: 1, items: [shown] });
  expect(await server.api('DELETE', `/v1/keys/${body.items[0].id}`)).toMatchObject({ status: 200, body: { message: 'key deleted' } });
  expect(await server.api('POST', '/v1/keys', { form: { ...form, user_name: 'x'.repeat(256) } })).toMatchObject({ status: 400 });
});
