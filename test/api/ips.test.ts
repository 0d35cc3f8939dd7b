/** Addresses, pools and warm-up, called by the official JavaScript client where it can. */
import Mailgun from 'mailgun.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Harness, KEYS, startApi } from './support/harness.js';

const A = '192.0.2.10';
const B = '192.0.2.11';
const C = '2001:db8::12';

let api: Harness;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

const client = (key: string = KEYS.admin) => new Mailgun(FormData).client({ username: 'api', key, url: `http://127.0.0.1:${api.port}` });
const get = async (path: string) => (await api.call('GET', path)).json;
const message = (answer: { status: number; json: { message: string } }) => [answer.status, answer.json.message];

describe('addresses', () => {
  it('are listed, with an entry of details each', async () => {
    const list = await client().ips.list({ dedicated: true });
    expect(list.items).toEqual([A, B, C]);
    expect(list.total_count).toBe(3);
    expect((await get('/v3/ips')).details.map(({ ip, is_on_warmup }: { ip: string; is_on_warmup: boolean }) => [ip, is_on_warmup])).toEqual(
      [
        [A, false],
        [B, false],
        [C, false],
      ],
    );
    expect((await get('/v3/ips?dedicated=true')).total_count).toBe(3);
    expect((await get('/v3/ips?dedicated=false')).items).toEqual([]);
  });

  it('are shown by either address of a pair, in any spelling', async () => {
    expect(await client().ips.get(A)).toMatchObject({ ip: A, dedicated: true });
    expect(await get('/v3/ips/2001:DB8:0::10')).toMatchObject({ ip: A });
    expect(message(await api.call('GET', '/v3/ips/198.51.100.1'))).toEqual([404, 'IP not found: 198.51.100.1']);
  });

  it('are given to and taken from one domain or all', async () => {
    const give = (ip: string) => api.call('POST', '/v3/domains/example.com/ips', { form: { ip } });
    expect(message(await give(A))).toEqual([200, 'success']);
    await give(C);
    expect(await get('/v3/domains/example.com/ips')).toEqual({ items: [A, C], total_count: 2 });
    expect(await get(`/v3/ips/${A}/domains?limit=10&skip=0`)).toEqual({ items: [{ domain: 'example.com', ips: [A, C] }], total_count: 1 });
    await api.call('POST', `/v3/ips/${B}/domains`);
    expect((await get('/v3/domains/second.example/ips')).items).toEqual([B]);
    await api.call('DELETE', `/v3/ips/${B}/domains?alternative=${A}`);
    expect((await get('/v3/domains/second.example/ips')).items).toEqual([A]);
    expect(await client().ip_pools.removeIpFromDomainPool('example.com', C)).toMatchObject({ status: 200 });
    expect((await get('/v3/domains/example.com/ips')).items).toEqual([A]);
    expect(message(await api.call('DELETE', `/v3/domains/example.com/ips/${C}`))).toEqual([404, `IP not found: ${C}`]);
    expect(await client().ip_pools.removeDomainPool('example.com')).toMatchObject({ status: 200 });
    expect((await get('/v3/domains/example.com/ips')).items).toEqual([]);
    expect(message(await give('198.51.100.1'))[0]).toBe(404);
    expect(message(await api.call('POST', '/v3/domains/example.com/ips'))).toEqual([400, "Parameter 'ip' or 'pool_id' is missing"]);
  });
});

describe('a domain that is being made', () => {
  const create = (form: Record<string, string>) => api.call('POST', '/v4/domains', { form: { name: 'new.example', ...form } });

  it('gets the addresses it names, in any spelling, each once', async () => {
    expect((await create({ ips: `${B}, 2001:DB8:0::10 ,${A},${C}` })).status).toBe(200);
    expect((await get('/v3/domains/new.example/ips')).items.sort()).toEqual([A, B, C]);
  });

  it('gets the pool it names', async () => {
    const { pool_id: id } = await client().ip_pools.create({ name: 'news', ips: [B] });
    expect((await create({ pool_id: id })).status).toBe(200);
    expect(await get('/v3/domains/new.example/ips')).toMatchObject({ items: [B], pool_id: id });
  });

  it('is not made with a pool that has no addresses, or of another account', async () => {
    const { pool_id: empty } = await client().ip_pools.create({ name: 'empty' });
    const { pool_id: theirs } = await client(KEYS.other).ip_pools.create({ name: 'theirs', ips: [A] });
    expect(message(await create({ pool_id: empty }))).toEqual([400, `pool_id: the pool ${empty} has no addresses`]);
    expect(message(await create({ pool_id: theirs }))).toEqual([400, `pool_id: the account has no pool ${theirs}`]);
    expect((await api.call('GET', '/v4/domains/new.example')).status).toBe(404);
  });

  it('and later is changed by way of its addresses, not as a domain', async () => {
    const { status, json } = await api.call('PUT', '/v4/domains/example.com', { form: { ips: A } });
    expect([status, json.message]).toEqual([400, "'ips' belongs to the creation of a domain; change it by /v3/domains/example.com/ips"]);
  });
});

describe('pools', () => {
  const make = async () => {
    const { pool_id: id } = await client().ip_pools.create({ name: 'news', description: 'bulk', ips: [A, B] });
    return id;
  };

  it('are made, shown, changed and listed', async () => {
    const id = await make();
    expect(await get(`/v3/ip_pools/${id}`)).toMatchObject({
      pool_id: id,
      name: 'news',
      ips: [A, B],
      details: { description: 'bulk', is_linked: false, linked_domains: [] },
      message: 'success',
    });
    expect(await client().ip_pools.update(id, { name: 'letters', add_ip: C, remove_ip: B, link_domain: 'example.com' })).toMatchObject({
      status: 200,
    });
    await client().ip_pools.addIp(id, B);
    await client().ip_pools.removeIp(id, C);
    await client().ip_pools.addIps(id, [C, A]);
    const list = await client().ip_pools.list();
    expect(list.ip_pools).toMatchObject([{ pool_id: id, name: 'letters', description: 'bulk', ips: [A, B, C], is_linked: true }]);
    expect((await get('/v3/domains/example.com/ips')).pool_id).toBe(id);
    const { domains } = await client().ip_pools.linkedDomains(id, { limit: 10 });
    expect(domains.map(({ name }) => name)).toEqual(['example.com']);
  });

  it('page through their domains', async () => {
    const id = await make();
    const domain = (await get('/v4/domains/second.example')).domain.id;
    for (const link of ['example.com', domain]) await client().ip_pools.update(id, { link_domain: link });
    const first = await get(`/v3/ip_pools/${id}/domains?limit=1`);
    const second = await get(new URL(first.paging.next).pathname + new URL(first.paging.next).search);
    const third = await get(new URL(second.paging.next).pathname + new URL(second.paging.next).search);
    expect([first, second, third].map(({ domains }) => domains.map(({ name }: { name: string }) => name))).toEqual([
      ['example.com'],
      ['second.example'],
      [],
    ]);
  });

  it('cannot leave a domain without an address', async () => {
    const id = await make();
    await client().ip_pools.update(id, { link_domain: 'example.com' });
    await client().ip_pools.removeIp(id, A);
    expect(message(await api.call('DELETE', `/v3/ip_pools/${id}/ips/${B}`))).toEqual([
      400,
      'The IP pool has domains: it cannot be without an address',
    ]);
    expect(message(await api.call('POST', '/v3/domains/example.com/ips', { form: { ip: A } }))[1]).toContain(`has the IP pool ${id}`);
    expect(message(await api.call('DELETE', `/v3/ip_pools/${id}`))[1]).toContain('what takes its place');
    expect(await client().ip_pools.destroy(id, { ip: C })).toMatchObject({ status: 200 });
    expect((await get('/v3/domains/example.com/ips')).items).toEqual([C]);
    expect(message(await api.call('GET', `/v3/ip_pools/${id}`))).toEqual([404, `IP pool not found: ${id}`]);
  });

  it('are unlinked for another one', async () => {
    const [first, second] = [await make(), await make()];
    await client().ip_pools.update(first, { link_domain: 'example.com' });
    expect(await client().ip_pools.unlinkDomainPool('example.com', second)).toMatchObject({ status: 200 });
    expect((await get('/v3/domains/example.com/ips')).pool_id).toBe(second);
    await client().ip_pools.update(second, { unlink_domain: 'example.com' });
    expect(await get('/v3/domains/example.com/ips')).toEqual({ items: [], total_count: 0 });
  });

  it('are seen by their own account only', async () => {
    const id = await make();
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['GET', '/domains'],
      ['PUT', `/ips/${C}`],
      ['DELETE', `/ips/${A}`],
    ] as const) {
      const answer = await api.call(method, `/v3/ip_pools/${id}${path}`, { key: KEYS.other, form: { name: 'mine now' } });
      expect(message(answer)).toEqual([404, `IP pool not found: ${id}`]);
    }
    expect((await client(KEYS.other).ip_pools.list()).ip_pools).toEqual([]);
    const stolen = await api.call('POST', '/v3/domains/other.example/ips', { key: KEYS.other, form: { pool_id: id } });
    expect(message(stolen)[0]).toBe(404);
  });

  it.each<[string, Record<string, string>, string]>([
    ['no name', {}, "Parameter 'name' is missing"],
    ['a name that is too long', { name: 'x'.repeat(256) }, "'name' is longer than 255 characters"],
    ['an address of another machine', { name: 'x', ip: '198.51.100.1' }, 'IP not found: 198.51.100.1'],
  ])('are refused with %s', async (_what, form, text) => {
    expect((await api.call('POST', '/v3/ip_pools', { form })).json.message).toBe(text);
  });
});

describe('warm-up', () => {
  it('is begun, shown, listed and cancelled', async () => {
    expect(message(await api.call('GET', `/v3/ip_warmups/${A}`))).toEqual([404, `IP is not on warmup: ${A}`]);
    expect(message(await api.call('POST', `/v3/ip_warmups/${A}`))).toEqual([200, 'success']);
    const { details } = await get(`/v3/ip_warmups/${A}`);
    expect(details).toMatchObject({
      stage: 1,
      total_stages: 15,
      stage_limit: 1000,
      hourly_limit: 84,
      sent_within_stage: '0%',
      throttle: 100,
      stage_history: [],
    });
    expect(Date.parse(details.plan_started_at)).not.toBeNaN();
    expect((await get('/v3/ip_warmups')).items).toMatchObject([
      { ip: A, stage_number: 1, stage_volume_limit: 1000, stage_start_volume: 0 },
    ]);
    expect((await get('/v3/ips')).details[0]).toMatchObject({ ip: A, is_on_warmup: true });
    expect(message(await api.call('DELETE', `/v3/ip_warmups/${A}`))).toEqual([200, 'success']);
    expect((await get('/v3/ip_warmups')).items).toEqual([]);
    expect(message(await api.call('POST', '/v3/ip_warmups/198.51.100.1'))[0]).toBe(404);
  });

  it('is listed page by page until one is empty', async () => {
    for (const ip of [A, B, C]) await api.call('POST', `/v3/ip_warmups/${ip}`);
    const pages: string[][] = [];
    let path = '/v3/ip_warmups?limit=2';
    for (let items: { ip: string }[] = [{ ip: '' }]; items.length > 0; ) {
      const { paging, ...page } = await get(path);
      items = page.items;
      pages.push(items.map(({ ip }) => ip));
      const next = new URL(paging.next);
      path = next.pathname + next.search;
    }
    expect(pages).toEqual([[A, B], [C], []]);
    expect((await get('/v3/ip_warmups')).items).toHaveLength(3);
    expect((await get('/v3/ip_warmups?page=x&limit=0')).items).toHaveLength(3);
    expect(message(await api.call('GET', '/v3/ip_warmups?limit=-1'))[0]).toBe(400);
  });
});
