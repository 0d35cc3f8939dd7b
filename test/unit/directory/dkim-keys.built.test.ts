import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeIdSource, systemClock } from '#core';
import { type Directory, makeDirectory } from '#directory';
import { dkimRecordValue, generateDkimKey } from '#mail';
import { makeDnsClient } from '#net';
import { type DomainRecord, openStores, type Stores } from '#store';
import { startFakeDns } from '../../support/fake-dns.mjs';
import { tempDir } from '../../support/temp-dir.mjs';

let stores: Stores;
let dns: Awaited<ReturnType<typeof startFakeDns>>;
let folder: ReturnType<typeof tempDir>;
let directory: Directory;
let account: number;
let other: number;
let domain: DomainRecord;

beforeEach(async () => {
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
  account = (await directory.accounts.create('mine')).id;
  other = (await directory.accounts.create('theirs')).id;
  domain = await directory.domains.create(account, { name: 'a.example', dkimKeySize: 1024, dkimSelector: 'first' });
});
afterEach(async () => {
  await stores.close();
  await dns.close();
  folder.cleanup();
});

const refused = (httpStatus: number, text: string) => ({ httpStatus, publicText: expect.stringContaining(text) });

/** Makes a key, publishes it and switches it on. */
async function addKey(selector: string, fields: { kind?: 'rsa' | 'ed25519'; domainName?: string; owner?: number } = {}) {
  const { owner = account, domainName = 'a.example', kind = 'rsa' } = fields;
  const key = await directory.dkimKeys.create(owner, { domainName, selector, kind, bits: 1024 });
  dns.set(`${selector}._domainkey.${domainName}`, { TXT: [dkimRecordValue(key.publicKey, key.kind)] });
  await directory.dkimKeys.activate(owner, domainName, selector);
  return key;
}
/** Publishes the key that the domain was made with. */
async function publishFirst() {
  const [first] = await directory.dkimKeys.of(domain);
  dns.set('first._domainkey.a.example', { TXT: [dkimRecordValue(first?.publicKey ?? '', 'rsa')] });
}
const everySigner = async () => [...new Set([...(await signers(1)), ...(await signers(2)), ...(await signers(3))])].sort();
const signers = async (message: number, second: Parameters<Directory['domains']['signingKeys']>[1] | object = {}) =>
  (await directory.domains.signingKeys(domain, { ...second, message })).map(({ domain: name, selector }) => `${selector} ${name}`);

describe('a key', () => {
  it('signs once its record is published and it is activated, and no longer when it is not', async () => {
    const key = await directory.dkimKeys.create(account, { domainName: 'A.Example', selector: 'S2', bits: 1024 });
    expect(key).toMatchObject({ selector: 's2', domainName: 'a.example', kind: 'rsa', bits: 1024, active: false });
    await publishFirst();
    await directory.domains.verify(account, 'a.example');
    expect(await directory.dkimKeys.activate(account, 'a.example', 's2')).toMatchObject({ active: true, published: false });
    dns.set('s2._domainkey.a.example', { TXT: ['p=AAAA'] });
    expect(await everySigner()).toEqual(['first a.example']);
    await expect(directory.dkimKeys.deactivate(account, 'a.example', 'first')).rejects.toMatchObject(refused(400, 'are not published'));
    await directory.dkimKeys.deactivate(account, 'a.example', 's2');
    dns.set('s2._domainkey.a.example', { TXT: [['v=DKIM1; ', dkimRecordValue(key.publicKey)]] });
    expect(await directory.dkimKeys.activate(account, 'a.example', 'S2')).toMatchObject({ active: true, published: true });
    expect(await everySigner()).toEqual(['first a.example', 's2 a.example']);
    expect(await directory.dkimKeys.deactivate(account, 'a.example', 'first')).toMatchObject({ active: false });
    expect(await signers(1)).toEqual(['s2 a.example']);
    expect((await directory.domains.dns(domain)).sending.filter(({ name }) => name?.includes('_domainkey'))).toHaveLength(1);
  });

  it('can be imported', async () => {
    const pair = await generateDkimKey(1024);
    const key = await directory.dkimKeys.create(account, { domainName: 'a.example', selector: 'own', pem: pair.privateKey });
    expect(key.publicKey).toBe(pair.publicKey);
    const wrong = directory.dkimKeys.create(account, { domainName: 'a.example', selector: 'own2', pem: 'no key' });
    await expect(wrong).rejects.toMatchObject(refused(400, 'failed to import domain key: failed to parse PEM'));
  });

  it.each(['', '-x', 'a b', 'ä', 'x'.repeat(64), 'a..b'])('with the selector %j is refused', async (selector) => {
    await expect(directory.dkimKeys.create(account, { domainName: 'a.example', selector })).rejects.toMatchObject(refused(400, 'selector'));
  });

  it('has a selector of its own', async () => {
    const again = directory.dkimKeys.create(account, { domainName: 'a.example', selector: 'first', bits: 1024 });
    await expect(again).rejects.toMatchObject(refused(400, 'failed to create domain key: duplicate key'));
  });

  it('is removed, but not the last that is active', async () => {
    await addKey('s2');
    await directory.dkimKeys.remove(account, 'a.example', 'first');
    expect((await directory.dkimKeys.of(domain)).map(({ selector }) => selector)).toEqual(['s2']);
    for (const attempt of ['remove', 'deactivate'] as const) {
      await expect(directory.dkimKeys[attempt](account, 'a.example', 's2')).rejects.toMatchObject(refused(400, 'at least one active'));
    }
    await expect(directory.dkimKeys.remove(account, 'a.example', 'first')).rejects.toMatchObject(refused(404, 'domain key not found'));
  });

  it('is active beside two others of its kind at most', async () => {
    await addKey('s2');
    await addKey('s3');
    await expect(addKey('s4')).rejects.toMatchObject(refused(400, 'at most 3'));
    await addKey('e1', { kind: 'ed25519' });
  });

  it('of another account does not exist', async () => {
    const calls = [
      directory.dkimKeys.create(other, { domainName: 'a.example', selector: 'x' }),
      directory.dkimKeys.activate(other, 'a.example', 'first'),
      directory.dkimKeys.deactivate(other, 'a.example', 'first'),
      directory.dkimKeys.remove(other, 'a.example', 'first'),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject({ httpStatus: 404 });
    expect(await directory.dkimKeys.list(other, { limit: 10 })).toEqual([]);
    expect(await directory.dkimKeys.isActive(other, { domain: 'a.example', selector: 'first' })).toBe(false);
    expect(await directory.dkimKeys.isActive(account, { domain: 'a.example', selector: 'first' })).toBe(true);
  });
});

describe('signers', () => {
  beforeEach(publishFirst);

  it('take turns within a kind and sign together across kinds, the same for every try of a message', async () => {
    await addKey('s2');
    await addKey('e1', { kind: 'ed25519' });
    const turns = await Promise.all([1, 2, 3, 4].map((message) => signers(message)));
    expect(turns.map((pair) => pair[1])).toEqual(Array(4).fill('e1 a.example'));
    expect(turns[0]).not.toEqual(turns[1]);
    expect([turns[2], turns[3]]).toEqual([turns[0], turns[1]]);
    expect(await signers(1)).toEqual(turns[0]);
  });

  it('take turns from message to message whatever the numbers of the messages are', async () => {
    await addKey('s2');
    await addKey('s3');
    const clock = { time: 1_800_000_000_000, now: () => clock.time, monotonic: () => clock.time };
    const ids = makeIdSource(clock);
    const used: string[] = [];
    for (let count = 0; count < 9; count++) {
      // As the server draws them: one for the trace, one for the message, one for its delivery; and then a few milliseconds pass.
      clock.time += 3;
      ids.next();
      const message = ids.next();
      ids.next();
      const [name = ''] = await signers(message);
      expect(await signers(message)).toEqual([name]);
      used.push(name);
    }
    const [one, two, three] = used;
    expect(new Set([one, two, three]).size).toBe(3);
    expect(used).toEqual([one, two, three, one, two, three, one, two, three]);
  });

  it('end with the secondary key, under its alias while DNS shows the same key there', async () => {
    await directory.domains.create(account, { name: 'b.example', dkimKeySize: 1024 });
    const key = await addKey('k1', { domainName: 'b.example' });
    const secondaryDkim = { domain: 'b.example', selector: 'k1' };
    expect(await signers(1, { secondaryDkim })).toEqual(['first a.example', 'k1 b.example']);
    const wrong = { secondaryDkim, secondaryDkimPublic: { domain: 'c.example', selector: 'p1' } };
    expect(await signers(1, wrong)).toEqual(['first a.example', 'k1 b.example']);
    dns.set('p2._domainkey.c.example', { TXT: [`k=rsa; p=${key.publicKey}`] });
    const right = { secondaryDkim, secondaryDkimPublic: { domain: 'c.example', selector: 'p2' } };
    expect(await signers(1, right)).toEqual(['first a.example', 'p2 c.example']);
    const before = dns.count();
    await signers(2, right);
    expect(dns.count()).toBe(before);
  });

  it('leave out a secondary key that is not the account’s or not active', async () => {
    await directory.domains.create(other, { name: 'their.example', dkimKeySize: 1024 });
    for (const name of ['their.example', 'nobody.example']) {
      expect(await signers(1, { secondaryDkim: { domain: name, selector: 'mailwagon' } })).toEqual(['first a.example']);
    }
  });
});

it('lists keys of all domains by pages, in both directions', async () => {
  await directory.domains.create(account, { name: 'b.example', dkimKeySize: 1024, dkimSelector: 'b1' });
  for (const selector of ['s2', 's3']) await directory.dkimKeys.create(account, { domainName: 'a.example', selector, bits: 1024 });
  const selectors = async (filter: Parameters<Directory['dkimKeys']['list']>[1]) =>
    (await directory.dkimKeys.list(account, filter)).map(({ selector }) => selector);
  expect(await selectors({ limit: 10 })).toEqual(['first', 'b1', 's2', 's3']);
  expect(await selectors({ limit: 10, domainName: 'B.example' })).toEqual(['b1']);
  expect(await selectors({ limit: 10, selector: 'S2' })).toEqual(['s2']);
  const [first, second, third] = await directory.dkimKeys.list(account, { limit: 3 });
  expect(await selectors({ limit: 2, after: second?.id })).toEqual(['s2', 's3']);
  expect(await selectors({ limit: 2, before: third?.id })).toEqual(['first', 'b1']);
  expect(await selectors({ limit: 2, before: first?.id })).toEqual([]);
  expect(await selectors({ limit: 2, before: Number.MAX_SAFE_INTEGER })).toEqual(['s2', 's3']);
});
