/** Domain keys over the API, and what recipients then see: two signatures side by side, and a third by another domain's key. */
import { expect, test } from 'vitest';
import { verifyDkim } from '../support/verify-dkim.mjs';
import { addDomain, openWorld } from './support/world.js';

test('RSA and Ed25519 sign side by side, and a secondary key when it is asked for', async () => {
  const world = await openWorld();
  const { api } = world.server;
  const published = [...world.records];
  const publish = (record: { name: string; value: string }) => {
    world.dns.set(record.name, { TXT: [record.value] });
    published.push({ ...record, record_type: 'TXT' } as (typeof published)[number]);
  };
  const key = { signing_domain: 'src.test', selector: 'e1' };

  const made = await api('POST', '/v1/dkim/keys', { form: { ...key, kind: 'ed25519' } });
  expect(made).toMatchObject({
    status: 200,
    body: {
      ...key,
      dns_record: {
        name: 'e1._domainkey.src.test',
        record_type: 'TXT',
        valid: 'unknown',
        is_active: false,
        cached: [],
        value: expect.stringMatching(/^k=ed25519; p=/),
      },
    },
  });
  expect(JSON.stringify(made.body)).not.toContain('PRIVATE');
  publish(made.body.dns_record);
  expect(await api('PUT', '/v4/domains/src.test/keys/e1/activate')).toMatchObject({
    status: 200,
    body: { message: 'domain key activated', authority: 'src.test', selector: 'e1', active: true },
  });
  const { body: listed } = await api('GET', '/v4/domains/src.test/keys');
  expect(listed.items.map(({ selector }: { selector: string }) => selector)).toEqual(['mailwagon', 'e1']);

  await world.send();
  await world.waitForEvents({ accepted: 1, delivered: 1 });
  expect(await verifyDkim(world.mx.messages[0]?.data ?? Buffer.alloc(0), published)).toEqual(['pass', 'pass']);

  const other = await addDomain(world.server, 'brand.test');
  for (const record of other.records.filter(({ name }) => name?.includes('_domainkey'))) publish(record);
  await world.send({ 'o:secondary-dkim': 'brand.test,mailwagon' });
  await world.waitForEvents({ accepted: 2, delivered: 2 });
  const last = world.mx.messages[1]?.data ?? Buffer.alloc(0);
  expect(last.toString('latin1')).toMatch(/d=brand\.test;\s+s=mailwagon/);
  expect(await verifyDkim(last, published)).toEqual(['pass', 'pass', 'pass']);
  const form = { from: 'a@src.test', to: 'b@dst.test', text: 'x', 'o:secondary-dkim': 'brand.test,none' };
  expect((await api('POST', '/v3/src.test/messages', { form })).status).toBe(400);

  expect(await api('PUT', '/v4/domains/src.test/keys/mailwagon/deactivate')).toMatchObject({
    body: { active: false, message: 'domain key deactivated' },
  });
  expect(await api('DELETE', '/v1/dkim/keys?signing_domain=src.test&selector=mailwagon')).toMatchObject({
    status: 200,
    body: { message: 'success' },
  });
  expect(await api('DELETE', '/v1/dkim/keys?signing_domain=src.test&selector=mailwagon')).toMatchObject({
    status: 404,
    body: { message: 'domain key not found' },
  });
  expect((await api('DELETE', '/v1/dkim/keys?signing_domain=src.test&selector=e1')).body.message).toBe(
    'cannot delete domain key: must have at least one active domain key',
  );
});

test('a secondary key signs under the name that is asked for, when that name shows the same key', async () => {
  const world = await openWorld();
  const published = [...world.records];
  const publish = (name: string, value: string) => {
    // A character string of a TXT record has 255 bytes at most.
    world.dns.set(name, { TXT: [value.match(/.{1,255}/g) ?? []] });
    published.push({ record_type: 'TXT', name, value, valid: 'valid' });
  };
  const brand = await addDomain(world.server, 'brand.test');
  for (const { name, value } of brand.records.filter(({ name }) => name?.includes('_domainkey'))) {
    publish(name, value);
    publish('k9._domainkey.customer.test', value);
  }
  publish('other._domainkey.customer.test', world.records.find(({ name }) => name.includes('_domainkey'))?.value ?? '');
  const secondary = { 'o:secondary-dkim': 'brand.test/mailwagon', 'o:secondary-dkim-public': 'customer.test/k9' };
  await world.send({ to: 'http@dst.test', ...secondary });
  const headers = { 'X-Mailgun-Secondary-DKIM': 'brand.test/mailwagon', 'X-Mailgun-Secondary-DKIM-Public': 'customer.test/k9' };
  await world.submit({ to: 'smtp@dst.test', headers });
  await world.send({ to: 'wrong@dst.test', ...secondary, 'o:secondary-dkim-public': 'customer.test/other' });
  await world.waitForEvents({ accepted: 3, delivered: 3 });

  const names = new Map<string | undefined, string[]>();
  for (const { data, rcptTo } of world.mx.messages) {
    expect(await verifyDkim(data, published)).toEqual(['pass', 'pass']);
    const signed = data.toString('latin1').matchAll(/ d=([\w.]+);\s+s=(\w+)/g);
    names.set(rcptTo[0], [...signed].map(([, domain, selector]) => `${selector} ${domain}`).sort());
  }
  expect(Object.fromEntries(names)).toEqual({
    'http@dst.test': ['k9 customer.test', 'mailwagon src.test'],
    'smtp@dst.test': ['k9 customer.test', 'mailwagon src.test'],
    // Nobody could verify it by a key that is another.
    'wrong@dst.test': ['mailwagon brand.test', 'mailwagon src.test'],
  });
});

test('keys of all domains are listed by pages whose URLs lead on', async () => {
  const world = await openWorld();
  const { api } = world.server;
  for (const selector of ['s1', 's2', 's3']) {
    const made = await api('POST', '/v1/dkim/keys', { form: { signing_domain: 'src.test', selector, bits: '1024' } });
    expect(made.status).toBe(200);
  }
  const walk = async (link: 'next' | 'previous', start: string) => {
    const seen: string[] = [];
    for (let path = start; ; ) {
      const { body } = await api('GET', path);
      if (body.items.length === 0) return seen;
      seen.push(...body.items.map((item: { selector: string; signing_domain: string }) => `${item.selector} ${item.signing_domain}`));
      const url = new URL(body.paging[link]);
      path = url.pathname + url.search;
    }
  };
  const forward = await walk('next', '/v1/dkim/keys?limit=2&signing_domain=src.test');
  expect(forward).toEqual(['mailwagon src.test', 's1 src.test', 's2 src.test', 's3 src.test']);
  const backward = await walk('previous', '/v1/dkim/keys?limit=2&page=last&signing_domain=src.test');
  expect(backward.sort()).toEqual([...forward].sort());
  expect((await api('GET', '/v1/dkim/keys?page=nonsense&limit=0')).body.items).toHaveLength(5);
  expect((await api('GET', '/v1/dkim/keys?limit=101')).status).toBe(400);
});
