/** What one directory changes another one on the same store sees at once: nobody has to be the only writer. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '#core';
import { makeDirectory } from '#directory';
import { makeDnsClient } from '#net';
import { openStores, type Stores } from '#store';
import { startFakeDns } from '../../support/fake-dns.mjs';
import { tempDir } from '../../support/temp-dir.mjs';

let stores: Stores;
let dns: Awaited<ReturnType<typeof startFakeDns>>;
let folder: ReturnType<typeof tempDir>;
let one: ReturnType<typeof makeDirectory>;
let other: ReturnType<typeof makeDirectory>;
let account: number;

beforeAll(async () => {
  folder = tempDir();
  stores = await openStores({ dataDir: folder.path, onFatal: (error) => expect.fail(error.message) });
  dns = await startFakeDns();
  const client = makeDnsClient({ servers: [dns.address], clock: systemClock });
  const deps = { store: stores.directory, clock: systemClock, hostname: 'mail.host.example', serverKey: new Uint8Array(32), dns: client };
  const addresses = [{ ipv4: '192.0.2.1' }, { ipv4: '192.0.2.2' }];
  [one, other] = [makeDirectory({ ...deps, addresses }), makeDirectory({ ...deps, addresses })];
  account = (await one.accounts.create('a')).id;
});

afterAll(async () => {
  await stores.close();
  await dns.close();
  folder.cleanup();
});

it('domains', async () => {
  await one.domains.create(account, { name: 'a.example' });
  expect(await other.domains.find('a.example')).toMatchObject({ wildcard: false });
  await one.domains.update(account, 'a.example', { wildcard: true });
  expect(await other.domains.find('a.example')).toMatchObject({ wildcard: true });
  await one.domains.remove(account, 'a.example');
  expect(await other.domains.find('a.example')).toBeUndefined();
});

it('API keys, also those that go with their domain', async () => {
  await one.domains.create(account, { name: 'keys.example' });
  const { key, secret } = await one.keys.create(account, { role: 'developer' });
  const bound = await one.keys.create(account, { role: 'sending', domainName: 'keys.example' });
  for (let time = 0; time < 2; time++) expect(await other.keys.verify(secret)).toMatchObject({ id: key.id });
  expect(await other.keys.verify(bound.secret)).toBeDefined();
  await one.keys.remove(account, key.id);
  expect(await other.keys.verify(secret)).toBeUndefined();
  await one.domains.remove(account, 'keys.example');
  expect(await other.keys.verify(bound.secret)).toBeUndefined();
});

it('passwords', async () => {
  await one.domains.create(account, { name: 'logins.example' });
  await one.credentials.create(account, 'logins.example', 'x', 'first-password');
  expect(await other.credentials.verify('x@logins.example', 'first-password')).toBeDefined();
  await one.credentials.changePassword(account, 'logins.example', 'x', 'second-password');
  expect(await other.credentials.verify('x@logins.example', 'first-password')).toBeUndefined();
  expect(await other.credentials.verify('x@logins.example', 'second-password')).toBeDefined();
});

it('keys that sign', async () => {
  const domain = await one.domains.create(account, { name: 'signed.example', dkimSelector: 's1' });
  const selectors = async () => (await other.domains.signingKeys(domain, { message: 1 })).map(({ selector }) => selector);
  expect(await selectors()).toEqual(['s1']);
  await one.dkimKeys.create(account, { domainName: 'signed.example', selector: 's2' });
  await one.dkimKeys.activate(account, 'signed.example', 's2');
  await one.dkimKeys.deactivate(account, 'signed.example', 's1');
  expect(await selectors()).toEqual(['s2']);
});

it('templates', async () => {
  const domain = await one.domains.create(account, { name: 'templates.example' });
  await one.templates.create(account, 'templates.example', { name: 't', version: { source: 'first' } });
  expect(await other.templates.ready(domain, 't')).toMatchObject({ source: 'first' });
  await one.templates.updateVersion(account, 'templates.example', 't', 'initial', { source: 'second' });
  expect(await other.templates.ready(domain, 't')).toMatchObject({ source: 'second' });
});

it('what mail leaves from', async () => {
  const domain = await one.domains.create(account, { name: 'ips.example', addresses: ['192.0.2.1'] });
  const pool = await one.pools.create(account, { name: 'p', description: '', addresses: ['192.0.2.2'] });
  expect(await other.sendingIps.wanted(domain, {})).toEqual([['192.0.2.1']]);
  await one.sendingIps.give(account, 'ips.example', { pool: pool.publicId });
  expect(await other.sendingIps.wanted(domain, {})).toEqual([['192.0.2.2']]);
  await one.pools.addAddresses(account, pool.publicId, ['192.0.2.1']);
  expect(await other.sendingIps.wanted(domain, {})).toEqual([['192.0.2.1', '192.0.2.2']]);
});
