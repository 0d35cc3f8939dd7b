/** The events query: ranges, filters, and paging that works for every client's way of following a URL. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Harness, KEYS, startApi } from './support/harness.js';

let api: Harness;
const T0 = Date.UTC(2026, 2, 4, 10) * 1000;
const EVENTS = '/v3/example.com/events';

beforeEach(async () => {
  api = await startApi();
  for (let index = 0; index < 5; index++) api.events.add({ at: T0 + index * 1_000_000 });
});
afterEach(() => api.stop());

const ids = (answer: { json: { items: { id: string }[] } }) => answer.json.items.map((item) => Number(item.id.slice(-1)));
const list = (query: Record<string, string>, key: string = KEYS.admin) =>
  api.call('GET', `${EVENTS}?${new URLSearchParams(query)}`, { key });
/** As clients do: the URL as it is. */
async function follow(url: string) {
  const { pathname, search, host } = new URL(url);
  expect(host).toBe(`127.0.0.1:${api.port}`);
  return api.call('GET', pathname + search);
}

describe('paging', () => {
  it('walks newest first to an empty page, and back', async () => {
    const first = await list({ limit: '2' });
    expect(ids(first)).toEqual([4, 3]);
    const second = await follow(first.json.paging.next);
    expect(ids(second)).toEqual([2, 1]);
    const third = await follow(second.json.paging.next);
    expect(ids(third)).toEqual([0]);
    const end = await follow(third.json.paging.next);
    expect(ids(end)).toEqual([]);
    expect(ids(await follow(end.json.paging.next))).toEqual([]);
    expect(ids(await follow(end.json.paging.previous))).toEqual([1, 0]);
    const back = await follow(third.json.paging.previous);
    expect(ids(back)).toEqual([2, 1]);
    expect(ids(await follow(back.json.paging.first))).toEqual([4, 3]);
    expect(ids(await follow(back.json.paging.last))).toEqual([1, 0]);
    const before = await follow(first.json.paging.previous);
    expect(ids(before)).toEqual([]);
    expect(ids(await follow(before.json.paging.next))).toEqual([4, 3]);
  });

  it('walks oldest first, and its end can be polled', async () => {
    const first = await list({ begin: String(T0 / 1e6), ascending: 'yes', limit: '4' });
    expect(ids(first)).toEqual([0, 1, 2, 3]);
    const second = await follow(first.json.paging.next);
    expect(ids(second)).toEqual([4]);
    const end = await follow(second.json.paging.next);
    expect(ids(end)).toEqual([]);
    expect(ids(await follow(end.json.paging.previous))).toEqual([1, 2, 3, 4]);
    api.events.add({ at: T0 + 9_000_000 });
    expect(ids(await follow(end.json.paging.next))).toEqual([5]);
    expect(ids(await follow(second.json.paging.next))).toEqual([5]);
  });

  it('can be polled from an empty range', async () => {
    const begin = String(T0 / 1e6 + 60);
    const empty = await list({ begin, ascending: 'yes' });
    expect(ids(empty)).toEqual([]);
    api.events.add({ at: T0 + 70_000_000 });
    expect(ids(await follow(empty.json.paging.next))).toEqual([5]);
  });

  it('does not move while newer events arrive', async () => {
    const first = await list({ limit: '2' });
    api.events.add({ at: Date.now() * 1000 + 60_000_000 });
    expect(ids(await follow(first.json.paging.first))).toEqual([4, 3]);
    expect(ids(await follow(first.json.paging.previous))).toEqual([]);
  });

  it('gives four absolute URLs whose last segment is a URL-safe token, also without events', async () => {
    for (const answer of [await list({}), await list({ event: 'opened' })]) {
      expect(Object.keys(answer.json.paging).sort()).toEqual(['first', 'last', 'next', 'previous']);
      for (const url of Object.values<string>(answer.json.paging)) {
        expect(url).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${api.port}/v3/example\\.com/events/[A-Za-z0-9_-]+$`));
      }
    }
  });

  it('takes the token from the query as well, alone or beside itself', async () => {
    const token = (await list({ limit: '2' })).json.paging.next.split('/').at(-1);
    expect(ids(await api.call('GET', `${EVENTS}?page=${token}`))).toEqual([2, 1]);
    expect(ids(await api.call('GET', `${EVENTS}/${token}?page=${token}`))).toEqual([2, 1]);
  });

  it('shows a page under the public address', async () => {
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'mail-api.example.com' };
    const answer = await api.call('GET', EVENTS, { headers });
    expect(answer.json.paging.next).toMatch(/^https:\/\/mail-api\.example\.com\/v3\/example\.com\/events\//);
    expect(answer.json.items[0].storage).toEqual({
      url: 'https://mail-api.example.com/v3/domains/example.com/messages/KEY-event-0004',
      ...{ key: 'KEY-event-0004', region: 'local', env: 'production' },
    });
  });

  it.each([
    'x',
    'e30',
    'bnVsbA',
    `${'A'.repeat(5000)}`,
    '%00',
    Buffer.from('{"r":[0,null,true],"n":1e9,"k":"first"}').toString('base64url'),
  ])('refuses a token it did not make: %s', async (token) => {
    expect(await api.call('GET', `${EVENTS}/${token}`)).toMatchObject({ status: 400, json: { message: 'Invalid page token' } });
  });

  it('never leads out of the domain or the account', async () => {
    api.events.add({ at: T0 + 6_000_000, account: 2, domain: 'other.example' });
    const token = (await list({})).json.paging.first.split('/').at(-1);
    expect((await api.call('GET', `/v3/other.example/events/${token}`)).status).toBe(404);
    const other = await api.call('GET', `/v3/other.example/events/${token}`, { key: KEYS.other });
    expect(other.json.items.every((item: { domain: { name: string } }) => item.domain.name === 'other.example')).toBe(true);
    expect((await api.call('GET', `/v3/second.example/events/${token}`)).json.items).toEqual([]);
  });
});

describe('range', () => {
  const at = (seconds: number) => String(T0 / 1e6 + seconds);
  it.each([
    [{ begin: at(1), end: at(3) }, [1, 2, 3]],
    [{ begin: at(3), end: at(1) }, [3, 2, 1]],
    [{ begin: at(2), ascending: 'no' }, [2, 1, 0]],
    [{ begin: at(2), ascending: 'yes' }, [2, 3, 4]],
    [{ end: at(3) }, [4, 3]],
    [{ end: at(1), ascending: 'yes' }, [0, 1]],
    [{ ascending: 'True' }, [0, 1, 2, 3, 4]],
    [{ begin: 'Wed, 4 Mar 2026 10:00:03 -0000', ascending: '1' }, [3, 4]],
    [{ begin: '', end: '', limit: '' }, [4, 3, 2, 1, 0]],
    [{ begin: at(1.000001), end: at(3) }, [2, 3]],
  ])('%j', async (query, expected) => {
    expect(ids(await list(query as Record<string, string>))).toEqual(expected);
  });

  it.each([
    [{ begin: '1' }, /'ascending'/],
    [{ begin: '2', end: '1', ascending: 'yes' }, /'ascending'/],
    [{ begin: '1', end: '2', ascending: 'no' }, /'ascending'/],
    [{ begin: 'yesterday', ascending: 'yes' }, /'begin'/],
    [{ end: '-5' }, /'end'/],
    [{ ascending: 'up' }, /'ascending'/],
    [{ limit: '301' }, /The 'limit' parameter can't be larger than 300/],
    [{ limit: '0' }, /'limit'/],
    [{ limit: '1e2' }, /'limit'/],
  ])('refuses %j', async (query, text) => {
    const answer = await list(query as Record<string, string>);
    expect(answer.status).toBe(400);
    expect(answer.json.message).toMatch(text);
  });
});

describe('filters', () => {
  beforeEach(() => {
    api.events.add({
      at: T0 + 5_000_000,
      event: 'failed',
      severity: 'temporary',
      recipient: 'Bob@example.org',
      messageId: 'other@example.com',
    });
    api.events.add({ at: T0 + 6_000_000, event: 'accepted' });
  });

  it.each([
    [{ event: 'failed' }, [5]],
    [{ event: 'failed OR accepted' }, [6, 5]],
    [{ event: '("failed" OR "accepted")' }, [6, 5]],
    [{ event: 'unheard_of' }, []],
    [{ recipient: 'Bob@EXAMPLE.org' }, [5]],
    [{ 'message-id': '<other@example.com>' }, [5]],
    [{ 'message-id': '"other@example.com"', severity: 'Temporary' }, [5]],
    [{ severity: 'permanent' }, []],
  ])('%j', async (query, expected) => {
    const answer = await list(query as unknown as Record<string, string>);
    expect(answer.status).toBe(200);
    expect(ids(answer)).toEqual(expected);
    expect(ids(await follow(answer.json.paging.first))).toEqual(expected);
  });

  it('combines a repeated filter with AND, in every spelling of repetition', async () => {
    for (const query of [
      'event=failed%20OR%20accepted&event=failed',
      'event[0]=failed%20OR%20accepted&event[1]=failed',
      'event[]=failed&event[]=failed',
    ]) {
      expect(ids(await api.call('GET', `${EVENTS}?${query}`))).toEqual([5]);
    }
    expect(ids(await api.call('GET', `${EVENTS}?event=failed&event=accepted`))).toEqual([]);
  });

  it.each(['tag', 'sender', 'user-variables', 'Event', 'begins'])('refuses the unknown filter %s', async (name) => {
    const answer = await list({ [name]: 'x' });
    expect(answer.status).toBe(400);
    expect(answer.json.message).toMatch(new RegExp(`^unknown filter '${name}'`));
  });

  it.each([
    ['event', '(failed OR accepted'],
    ['event', 'failed OR'],
    ['event', 'failed)'],
    ['subject', '"failed'],
    ['subject', 'NOT'],
    ['subject', `${'('.repeat(21)}a${')'.repeat(21)}`],
    ['subject', 'a '.repeat(101)],
    ['subject', 'a'.repeat(1001)],
    ['size', 'large'],
    ['size', '>=5'],
    ['severity', 'grave'],
    ['severity', 'NOT grave'],
  ])('refuses what is no expression: %s=%s', async (name, value) => {
    const answer = await list({ [name]: value });
    expect(answer.status).toBe(400);
    expect(answer.json.message).toContain(`'${name}'`);
  });
});

it('reads parameters from a body as well, which wins', async () => {
  expect(ids(await api.call('GET', `${EVENTS}?limit=1`, { form: { limit: '2' } }))).toEqual([4, 3]);
});

it('lays out JSON when asked', async () => {
  expect((await list({ pretty: 'yes' })).text).toMatch(/^\{\n {2}"items"/);
  expect((await list({})).text).not.toContain('\n');
});

it('may be read by every role but sending', async () => {
  for (const key of [KEYS.analyst, KEYS.developer, KEYS.support]) expect((await list({}, key)).status).toBe(200);
});
