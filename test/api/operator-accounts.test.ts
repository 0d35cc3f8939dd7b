/** The operator's view of other accounts' mail, and that nobody else has it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { apiEndpoints } from '#api';
import { ACCOUNTS } from './support/fake-directory.js';
import { queuedDelivery } from './support/fake-services.js';
import { type Harness, KEYS, startApi } from './support/harness.js';

const [OPERATORS, CUSTOMERS] = ACCOUNTS.map(({ publicId }) => publicId) as [string, string];
const QUEUE = '/mailwagon/v1/queue';

let api: Harness;
beforeEach(async () => {
  api = await startApi();
  api.queue.items = [
    queuedDelivery(10),
    queuedDelivery(30, { messageId: 'm30@example.com' }),
    queuedDelivery(20, { account: 2, message: 8, domain: 'other.example', messageId: 'm20@other.example' }),
    queuedDelivery(40, { account: 2, message: 9, domain: 'other.example', destinationName: 'example.net' }),
  ];
});
afterEach(() => api.stop());

const get = (path: string, key: string = KEYS.admin) => api.call('GET', path, { key });
const post = (verb: string, form: Record<string, string>, key: string = KEYS.admin) => api.call('POST', `${QUEUE}/${verb}`, { form, key });
const ids = (answer: { json: { items: { id: number }[] } }) => answer.json.items.map(({ id }) => id);
const open = () => api.queue.items.map(({ id }) => id);

it('lists an account, or all of them and whose each delivery is, page by page', async () => {
  expect(ids(await get(QUEUE))).toEqual([10, 30]);
  expect((await get(QUEUE)).json.items[0]).not.toHaveProperty('account');
  expect(ids(await get(`${QUEUE}?account=${CUSTOMERS}`))).toEqual([20, 40]);
  const all = await get(`${QUEUE}?account=all`);
  expect(all.json).toMatchObject({
    items: [
      { id: 10, account: OPERATORS },
      { id: 30, account: OPERATORS },
      { id: 20, account: CUSTOMERS },
      { id: 40, account: CUSTOMERS },
    ],
    next: null,
  });
  const paged: number[] = [];
  for (let after: unknown = '', page = 0; after !== null && page < 9; page++) {
    const answer = await get(`${QUEUE}?account=all&limit=1&after=${after}`);
    paged.push(...ids(answer));
    after = answer.json.next;
  }
  expect(paged).toEqual([10, 30, 20, 40]);
  expect(ids(await get(`${QUEUE}?account=all&destination=example.net`))).toEqual([40]);
  expect(ids(await get(`${QUEUE}?account=${CUSTOMERS}&message=m20%40other.example`))).toEqual([20]);
  expect((await get(`${QUEUE}?account=all&after=x`)).status).toBe(400);
});

it('shows a delivery and a message of another account', async () => {
  const attempt = { account: 2, messageId: 'm20@other.example', recipient: 'alice@example.org', outcome: 'deferred' as const, at: 0 };
  api.transcripts.entries = [{ ...attempt, delivery: 20, attempt: 1, text: 'S: 451 later' }];
  api.events.add({ at: 1, account: 2, event: 'accepted', messageId: 'm20@other.example', recipient: 'alice@example.org' });
  expect((await get(`${QUEUE}/20`)).status).toBe(404);
  for (const account of [CUSTOMERS, 'all']) {
    expect((await get(`${QUEUE}/20?account=${account}`)).json).toMatchObject({ id: 20, account: CUSTOMERS, state: 'open' });
    expect((await get(`${QUEUE}/m20%40other.example?account=${account}`)).json.items).toMatchObject([
      { id: 20, account: CUSTOMERS, conversations: [{ text: 'S: 451 later' }] },
    ]);
  }
  expect((await get(`${QUEUE}/10?account=${CUSTOMERS}`)).status).toBe(404);
  expect((await get(`${QUEUE}/99?account=all`)).json).toEqual({ message: 'Delivery not found' });
  expect((await get(`${QUEUE}/nobody%40example.com?account=all`)).json).toEqual({ message: 'Message not found' });
});

it('retries and cancels in the account that is named, or in all', async () => {
  expect((await post('retry', { id: '20' })).json).toEqual({ count: 0, unknown: [20] });
  expect((await post('retry', { id: '20', account: CUSTOMERS })).json).toEqual({ count: 1 });
  expect((await post('retry', { destination: 'example.org', account: 'all' })).json).toEqual({ count: 3 });
  expect(api.queue.retried).toEqual([20, 10, 30, 20]);
  expect((await post('cancel', { all: 'yes', account: CUSTOMERS })).json).toEqual({ count: 2 });
  expect(open()).toEqual([10, 30]);
  expect((await post('cancel', { account: 'all' })).status).toBe(400);
  expect((await post('cancel', { all: 'yes', account: 'all' })).json).toEqual({ count: 2 });
});

it('holds mail of an account or of all, which the account sees and cannot release', async () => {
  expect((await post('hold', { all: 'yes', reason: 'abuse', account: CUSTOMERS })).json).toMatchObject({
    account: CUSTOMERS,
    by: 'operator',
  });
  expect((await post('hold', { site: 'mx.example.org', account: 'all' })).json).toMatchObject({ account: 'all', site: 'mx.example.org' });
  await post('hold', { domain: 'other.example' }, KEYS.other);
  const seen = (await get(`${QUEUE}/holds`, KEYS.other)).json.items;
  expect(seen.map(({ by, reason }: { by: string; reason: string }) => [by, reason])).toEqual([
    ['operator', 'abuse'],
    ['operator', ''],
    ['account', ''],
  ]);
  expect(seen[0]).not.toHaveProperty('account');
  expect((await get(`${QUEUE}/holds`)).json.items).toHaveLength(1);
  expect((await get(`${QUEUE}/holds?account=all`)).json.items.map(({ account }: { account: string }) => account)).toEqual([
    CUSTOMERS,
    'all',
    CUSTOMERS,
  ]);

  expect((await post('release', { site: 'mx.example.org' }, KEYS.other)).json.items).toEqual([]);
  expect((await post('release', { all: 'yes' }, KEYS.other)).json.items).toMatchObject([{ by: 'account', domain: 'other.example' }]);
  expect((await post('release', { all: 'yes' })).json.items).toEqual([]);
  expect(api.queue.held).toHaveLength(2);

  await post('hold', { domain: 'other.example' }, KEYS.other);
  expect((await post('release', { domain: 'other.example', account: CUSTOMERS })).json.items).toMatchObject([{ by: 'account' }]);
  expect((await post('release', { all: 'yes', account: CUSTOMERS })).json.items).toMatchObject([{ by: 'operator', reason: 'abuse' }]);
  expect((await post('release', { all: 'yes', account: 'all' })).json.items).toMatchObject([{ account: 'all' }]);
  expect(api.queue.held).toEqual([]);
});

it('reads the events of an account or of all, on every page', async () => {
  for (const account of [1, 2])
    for (const at of [1, 2]) api.events.add({ at: at * 1_000_000 + account, account, domain: `d${account}.example` });
  const domains = async (query: string) => {
    const found: string[] = [];
    for (let path = `/mailwagon/v1/events?ascending=yes&limit=1${query}`; ; ) {
      const { items, paging } = (await get(path)).json;
      if (items.length === 0) return found;
      found.push(items[0].domain.name);
      const { pathname, search } = new URL(paging.next);
      path = pathname + search;
    }
  };
  expect(await domains(`&account=${CUSTOMERS}`)).toEqual(['d2.example', 'd2.example']);
  expect(await domains('&account=all')).toEqual(['d1.example', 'd2.example', 'd1.example', 'd2.example']);
  expect(await domains('&account=all&domain=d1.example')).toEqual(['d1.example', 'd1.example']);
});

it('answers 404 for an account that is not there', async () => {
  for (const path of [QUEUE, `${QUEUE}/10`, `${QUEUE}/holds`, '/mailwagon/v1/events']) {
    expect(await get(`${path}?account=nobody`)).toMatchObject({ status: 404, json: { message: 'Account not found' } });
  }
});

const operators = apiEndpoints.filter(({ group, path }) => group === 'Operator' && !path.endsWith('/status'));

it.each(operators.map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint] as const))(
  '%s lets no key but the operator’s name an account, its own or one that is not there',
  async (_name, { method, path }) => {
    const queue = structuredClone({ items: api.queue.items, held: api.queue.held });
    for (const account of [OPERATORS, CUSTOMERS, 'all', 'ALL', '1', '0', 'nobody']) {
      const target = path.replace(':delivery', '10').replace(':page', 'none');
      const form = { account, all: 'yes' };
      const options = method === 'POST' ? { form } : {};
      for (const key of [KEYS.other, KEYS.analyst, KEYS.developer, KEYS.support, KEYS.sending]) {
        const answer = await api.call(method, `${target}${method === 'POST' ? '' : `?account=${account}`}`, { key, ...options });
        expect(answer).toMatchObject({ status: 403, json: { message: 'Forbidden' } });
      }
    }
    expect({ items: api.queue.items, held: api.queue.held }).toEqual(queue);
    expect(api.queue.retried).toEqual([]);
  },
);
