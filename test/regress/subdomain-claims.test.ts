/**
 * A name below a domain that another account hosts is given only to who shows it by DNS. Reported: anybody could send as news.example.com
 * of another account's example.com.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '#core';
import { makeDirectory } from '#directory';
import { makeDnsClient } from '#net';
import { openStores, type Stores } from '#store';
import { startFakeDns } from '../support/fake-dns.mjs';
import { tempDir } from '../support/temp-dir.mjs';

let stores: Stores;
let dns: Awaited<ReturnType<typeof startFakeDns>>;
let folder: ReturnType<typeof tempDir>;
let directory: ReturnType<typeof makeDirectory>;
let victim: number;
let stranger: number;

beforeAll(async () => {
  folder = tempDir();
  stores = await openStores({ dataDir: folder.path, onFatal: (error) => expect.fail(error.message) });
  dns = await startFakeDns();
  directory = makeDirectory({
    store: stores.directory,
    clock: systemClock,
    hostname: 'mail.host.example',
    serverKey: new Uint8Array(32),
    dns: makeDnsClient({ servers: [dns.address], clock: systemClock }),
  });
  victim = (await directory.accounts.create('victim')).id;
  stranger = (await directory.accounts.create('stranger')).id;
  await directory.domains.create(victim, { name: 'victim.example' });
});
afterAll(async () => {
  await stores.close();
  await dns.close();
  await folder.cleanup();
});

const claim = (account: number, name: string) => directory.domains.create(account, { name });
const refusalOf = async (account: number, name: string): Promise<string> => {
  const error = await claim(account, name).then(
    () => expect.fail(`${name} was given`),
    (reason: { httpStatus: number; publicText: string }) => reason,
  );
  expect(error.httpStatus).toBe(400);
  return error.publicText;
};
const recordOf = (text: string) => {
  const [, name = '', value = ''] = /TXT record (\S+) with the value "([^"]+)"/.exec(text) ?? [];
  return { name, value };
};

it('refuses strangers, however deep, and names the record that would prove it', async () => {
  for (const name of ['sub.victim.example', 'a.b.c.victim.example', 'SUB.Victim.Example']) {
    const { name: record, value } = recordOf(await refusalOf(stranger, name));
    expect(record).toBe(`_mailwagon-challenge.${name.toLowerCase()}`);
    expect(value).toMatch(/^mailwagon-domain-verification=[0-9a-f]{40}$/);
  }
  expect(await directory.domains.find('sub.victim.example')).toBeUndefined();
});

it('lets the owner of the domain above have it, and everybody what is below nobody’s', async () => {
  expect((await claim(victim, 'own.victim.example')).account).toBe(victim);
  expect((await claim(stranger, 'notvictim.example')).account).toBe(stranger);
  expect((await claim(stranger, 'below.notvictim.example')).account).toBe(stranger);
});

it('knows whose a name is by the nearest hosted domain above it', async () => {
  const ownerOf = async (name: string) => (await directory.domains.nearest(name))?.name;
  expect(await ownerOf('Victim.Example')).toBe('victim.example');
  expect(await ownerOf('a.b.victim.example')).toBe('victim.example');
  expect(await ownerOf('x.own.victim.example')).toBe('own.victim.example');
  expect(await ownerOf('xvictim.example')).toBeUndefined();
  expect(await ownerOf('example')).toBeUndefined();
  expect(await ownerOf('not a domain')).toBeUndefined();
});

it('takes the token of this account and this name, and no other', async () => {
  const wanted = 'proven.victim.example';
  const { name, value } = recordOf(await refusalOf(stranger, wanted));
  const others = (await directory.accounts.create('third')).id;
  const foreign = [recordOf(await refusalOf(others, wanted)).value, recordOf(await refusalOf(stranger, 'other.victim.example')).value];
  dns.set(name, { TXT: ['v=spf1 -all', ...foreign, `${value}0`] });
  await refusalOf(stranger, wanted);
  dns.set(name, 'servfail');
  expect(await refusalOf(stranger, wanted)).toContain('DNS did not answer just now');
  dns.set(name, { TXT: ['v=spf1 -all', value] });
  expect((await claim(stranger, wanted)).account).toBe(stranger);
  // What is below it is the stranger's own now.
  expect((await claim(stranger, 'below.proven.victim.example')).account).toBe(stranger);
  await refusalOf(victim, 'again.proven.victim.example');
});
