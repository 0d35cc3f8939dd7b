/** Two customers on one server: whatever endpoint one calls with the other's names and ids, it is as if they did not exist. */
import { expect, test } from 'vitest';
import { apiEndpoints, type Endpoint } from '#api';
import { smtpSend } from '../support/smtp-send.mjs';
import { waitFor } from '../support/wait-for.mjs';
import { addAccount } from './support/second-account.js';
import { openWorld, type World } from './support/world.js';

/** Every endpoint twice takes a busy machine its time. */
const PATIENT = { timeout: 120_000 };

interface Other {
  key: string;
  /** For the `:parameters` of a path. */
  names: Record<string, string>;
  /** Texts that the first account must never be shown. */
  secrets: string[];
}

/** The second account, with one of everything. */
async function settleOther(world: World): Promise<Other> {
  const key = await addAccount(world.server.dataDir);
  await world.server.start();
  return settleDomain(world, key);
}

/** `other.test`, made with this key, with one of everything. */
async function settleDomain(world: World, key: string): Promise<Other> {
  const call = async (method: string, path: string, form?: Record<string, string>) => {
    const { status, body, text } = await world.server.api(method, path, { form, key });
    if (status !== 200) throw new Error(`${method} ${path} answered ${status}: ${text}`);
    return body;
  };
  await call('POST', '/v4/domains', { name: 'other.test', smtp_password: 'another password' });
  await call('POST', '/v3/domains/other.test/credentials', { login: 'hidden', password: 'a long password' });
  await call('POST', '/v3/other.test/templates', { name: 'private-template', template: 'Confidential text', tag: 'private-version' });
  const { pool_id } = await call('POST', '/v3/ip_pools', { name: 'private-pool', description: 'Confidential' });
  const sendingKey = await call('POST', '/v1/keys', { role: 'sending', domain_name: 'other.test', description: 'private' });
  const sent = { from: 'a@other.test', to: 'wait@dst.test', subject: 'Confidential', text: 'Hello' };
  const { id } = await call('POST', '/v3/other.test/messages', sent);
  const delivery = await waitFor(async () => {
    const { items } = await call('GET', '/mailwagon/v1/queue?domain=other.test');
    return items[0]?.attempts === 1 && items[0];
  });
  // Its events come to the log a moment later.
  await waitFor(async () => (await call('GET', '/v3/other.test/events')).items.length === 2);
  const { items, paging } = await call('GET', '/v3/other.test/events?limit=1&ascending=yes');
  const names = {
    domain: 'other.test',
    login: 'hidden@other.test',
    key: sendingKey.key.id,
    delivery: String(delivery.id),
    page: paging.next.slice(paging.next.lastIndexOf('/') + 1),
    message: items[0].storage.key,
    template: 'private-template',
    version: 'private-version',
    newversion: 'copied-version',
    pool: String(pool_id),
  };
  return {
    key,
    names,
    secrets: [
      'other.test',
      'hidden',
      'private-pool',
      'Confidential',
      String(id).slice(1, -1),
      names.key,
      names.delivery,
      names.message,
      'wait@dst.test',
    ],
  };
}

/** What every handler that changes something would be content with. */
const formFor = ({ names }: Other) => ({
  from: 'a@src.test',
  to: 'b@dst.test',
  text: 'Hello',
  message: { name: 'message.mime', bytes: 'From: a@src.test\r\n\r\nHello' },
  login: 'somebody',
  password: 'a long password',
  role: 'sending',
  domain_name: names.domain,
  name: names.domain,
  id: names.delivery,
  template: 'Hello',
  tag: 'mine',
  pool_id: names.pool,
  ips: '["192.0.2.99"]',
});

/** What is no account's own. */
const NOBODYS: Record<string, string> = { ip: '192.0.2.99', attachment: '0', selector: 'mailwagon' };

/** `:domain` and the like, each the other's or, where `own` has it, one's own. */
const fill = (path: string, { names }: Other, own: Record<string, string> = {}) =>
  path.replace(/:([a-z]+)/g, (_all, name: string) => {
    const value = own[name] ?? names[name] ?? NOBODYS[name];
    if (value === undefined) throw new Error(`The second account needs something that ':${name}' of ${path} names`);
    return encodeURIComponent(value);
  });

test('every endpoint, called with the ids of another account', PATIENT, async () => {
  const world = await openWorld({ mx: { recipients: { 'wait@dst.test': '451 4.2.1 later' } } });
  expect(await world.server.stop()).toBe(0);
  const other = await settleOther(world);
  const before = await everythingOf(world, other);

  for (const endpoint of apiEndpoints) {
    const paths = new Set([fill(endpoint.path, other), fill(endpoint.path, other, { domain: world.domain })]);
    for (const path of paths) await callAsStranger(world, other, endpoint, path);
  }
  expect(await everythingOf(world, other)).toEqual(before);
});

/** One call with the first account's key; nothing of the other's may be seen or changed by it. */
async function callAsStranger(world: World, other: Other, endpoint: Endpoint, path: string): Promise<void> {
  const isHold = /\/queue\/(?:hold|release)$/.test(endpoint.path);
  const form = endpoint.method === 'GET' ? undefined : isHold ? { all: 'yes' } : formFor(other);
  const { status, text } = await world.server.api(endpoint.method, path, { form });
  const what = `${endpoint.method} ${path} → ${status} ${text}`;
  const { page: _page, ...owned } = other.names;
  const isOthers = Object.values(owned).some((name) => decodeURIComponent(path).includes(name));
  // Changes to open deliveries count what they changed; a name that is taken is no secret.
  const isCount = /\/queue\/(?:retry|cancel)$/.test(endpoint.path);
  const isTaken = endpoint.method === 'POST' && /^\/v\d\/domains$/.test(path);
  if (isOthers) expect(status, what).toBe(404);
  else if (isCount) expect(JSON.parse(text), what).toMatchObject({ count: 0 });
  else if (isHold) expect(status, what).toBe(200);
  else if (isTaken) expect([status, text], what).toEqual([400, '{"message":"Domain other.test is already taken"}']);
  const shown = text.replaceAll(/Domain not found: other\.test|Domain other\.test is already taken|"unknown":\[\d+\]/g, '');
  // Its own words come back to the caller, nothing else.
  const leaked = other.secrets.filter((secret) => shown.includes(secret) && !decodeURIComponent(path).includes(secret));
  expect(leaked, what).toEqual([]);
}

const OF_DOMAIN = [
  '/v4/domains/other.test',
  '/v3/domains/other.test/credentials',
  '/v3/other.test/templates/private-template/versions',
  '/v3/other.test/events?limit=300',
  '/mailwagon/v1/queue?domain=other.test',
];

/** All the second account has, as it sees it. */
async function everythingOf({ server }: World, { key }: Other, isWholeAccount = true) {
  const ofAccount = ['/v1/keys', '/v3/ip_pools', '/mailwagon/v1/queue', '/mailwagon/v1/queue/holds', '/mailwagon/v1/events?limit=300'];
  const paths = [...OF_DOMAIN, ...(isWholeAccount ? ofAccount : [])];
  const answers = await Promise.all(paths.map((path) => server.api('GET', path, { key })));
  return answers.map(({ status, body }) => ({ status, items: body.items ?? body }));
}

test('every endpoint, called with a key of another domain of the same account', PATIENT, async () => {
  const world = await openWorld({ mx: { recipients: { 'wait@dst.test': '451 4.2.1 later' } } });
  const other = await settleDomain(world, world.server.keys.apiKey);
  const { body } = await world.server.api('POST', '/v1/keys', { form: { role: 'admin', kind: 'domain', domain_name: world.domain } });
  const before = await everythingOf(world, other, false);

  for (const endpoint of apiEndpoints) {
    const form = endpoint.method === 'GET' ? undefined : { ...formFor(other), name: 'mine', domain_name: world.domain };
    const call = async (path: string) => {
      const { status, text } = await world.server.api(endpoint.method, path, { form, key: body.key.secret });
      const what = `${endpoint.method} ${path} → ${status} ${text}`;
      const leaked = other.secrets.filter((secret) => text.includes(secret) && !decodeURIComponent(path).includes(secret));
      expect(leaked, what).toEqual([]);
      return { status, what };
    };
    const { status, what } = await call(fill(endpoint.path, other));
    expect(status, what).toBe(403);
    const isEndOfOwn = endpoint.method === 'DELETE' && endpoint.path.endsWith('/domains/:domain');
    if (endpoint.parameters.includes('domain') && !isEndOfOwn) await call(fill(endpoint.path, other, { domain: world.domain }));
  }
  expect(await everythingOf(world, other, false)).toEqual(before);
});

test('the operator holds and ends the mail of another account, which sees it and can do the same to nobody', PATIENT, async () => {
  const world = await openWorld({ mx: { recipients: { 'wait@dst.test': '451 4.2.1 later' } } });
  expect(await world.server.stop()).toBe(0);
  const other = await settleOther(world);
  const mine = await world.send({ to: 'wait@dst.test' });
  await world.waitForEvents({ accepted: 1, 'failed temporary': 1 });
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await world.server.cli(...args, '--json');
    expect([code, stderr]).toEqual([0, '']);
    return JSON.parse(stdout);
  };
  const asOther = (method: string, path: string, form?: Record<string, string>) => world.server.api(method, path, { key: other.key, form });

  const all = (await json('queue', 'list', '--account', 'all')).items as {
    id: number;
    account: string;
    domain: string;
    message_id: string;
  }[];
  expect(all.map(({ domain }) => domain)).toEqual(['src.test', 'other.test']);
  const [own, theirs] = all.map(({ account }) => account) as [string, string];
  expect(theirs).not.toBe(own);
  expect((await json('queue', 'list')).items).toHaveLength(1);
  expect((await world.server.cli('queue', 'show', other.names.delivery ?? '')).code).toBe(1);
  expect(await json('queue', 'show', other.names.delivery ?? '', '--account', theirs)).toMatchObject({ state: 'open', account: theirs });

  const before = await json('queue', 'list', '--account', 'all');
  for (const { method, path } of apiEndpoints.filter(({ group, path }) => group === 'Operator' && !path.endsWith('/status'))) {
    for (const account of [own, theirs, 'all']) {
      const named = path.replace(':delivery', String(all[0]?.id)).replace(':page', other.names.page ?? '');
      const answer = await (method === 'GET'
        ? asOther(method, `${named}?account=${account}`)
        : asOther(method, named, { account, all: 'yes' }));
      expect([path, answer.status, answer.text]).toEqual([path, 403, '{"message":"Forbidden"}']);
    }
  }
  expect(await json('queue', 'list', '--account', 'all')).toEqual(before);

  await json('queue', 'hold', '--account', theirs, '--all', '--reason', 'abuse');
  await json('queue', 'hold', '--account', 'all', '--destination', 'held.test');
  expect((await asOther('GET', '/mailwagon/v1/queue/holds')).body.items).toMatchObject([
    { by: 'operator', reason: 'abuse' },
    { by: 'operator' },
  ]);
  expect((await asOther('POST', '/mailwagon/v1/queue/release', { all: 'yes' })).body).toEqual({ items: [] });
  expect(await world.server.stop()).toBe(0);
  await world.server.start();
  expect((await json('queue', 'show', other.names.delivery ?? '', '--account', 'all')).why).toContain('Held by the operator: abuse');
  expect((await json('queue', 'show', mine)).items[0].why).not.toContain('Held');
  expect((await json('queue', 'holds', '--account', 'all')).items).toMatchObject([
    { account: theirs },
    { account: 'all', destination: 'held.test' },
  ]);
  expect((await json('queue', 'release', '--account', 'all', '--all')).items).toHaveLength(2);

  expect(await json('queue', 'cancel', '--account', theirs, '--all', '--yes')).toEqual({ count: 1 });
  expect((await json('queue', 'list', '--account', 'all')).items).toMatchObject([{ message_id: mine, account: own }]);
  const ended = (await asOther('GET', `/mailwagon/v1/queue/${other.names.delivery}`)).body;
  expect(ended).toMatchObject({ state: 'failed', end: { code: 604 } });
});

test('nobody sends as a domain of another account, over either door', PATIENT, async () => {
  const world = await openWorld({ mx: { recipients: { 'wait@dst.test': '451 4.2.1 later' } } });
  expect(await world.server.stop()).toBe(0);
  await settleOther(world);
  const before = world.mx.messages.length;
  expect(await world.submit({ from: 'a@other.test' })).toMatchObject({ code: 550 });
  expect(await world.submit({ from: 'a@other.test', envelope: { from: 'a@src.test', to: 'b@dst.test' } })).toMatchObject({ code: 550 });
  await expect(world.send({ from: 'a@other.test' })).rejects.toThrow(/403/);
  await expect(world.send({ from: 'a@below.other.test' })).rejects.toThrow(/403/);
  const login = 'postmaster@other.test';
  const asMe = await smtpSend(
    { port: world.server.addresses.smtp[0] ?? 0, login, password: world.password },
    { from: 'a@src.test', to: 'b@dst.test' },
  );
  expect(asMe.code).toBe(535);
  expect(world.mx.messages).toHaveLength(before);
  expect((await world.events()).map(({ event }) => event)).toEqual(['rejected', 'rejected', 'rejected']);
});
