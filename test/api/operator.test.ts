/** The command line's own endpoints. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { queuedDelivery } from './support/fake-services.js';
import { type Harness, KEYS, startApi } from './support/harness.js';

let api: Harness;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

const QUEUE = '/mailwagon/v1/queue';

it('is for administrators only', async () => {
  for (const key of [KEYS.analyst, KEYS.developer, KEYS.support, KEYS.sending]) {
    for (const path of [QUEUE, '/mailwagon/v1/events', '/mailwagon/v1/status'])
      expect((await api.call('GET', path, { key })).status).toBe(403);
  }
});

it('shows the subject that the recipient of a batch will see, and a text that looks like one of a batch as it is', async () => {
  const subject = 'Hello, %recipient.first% (%recipient.unknown%), you are %recipient_email%';
  api.queue.items = [queuedDelivery(11, { subject, recipientVariables: { first: 'Bob' } }), queuedDelivery(12, { subject })];
  const { items } = (await api.call('GET', QUEUE)).json;
  expect(items[0].subject).toBe(`Hello, Bob (%recipient.unknown%), you are ${items[0].recipient}`);
  expect(items[1].subject).toBe(subject);
});

it('shows a delivery in full', async () => {
  const last = {
    firstAttemptAt: Date.UTC(2026, 2, 4, 10),
    code: 451,
    enhancedCode: '4.7.1',
    message: 'Greylisted',
    mxHost: 'mx.example.org',
  };
  api.queue.items = [queuedDelivery(11), queuedDelivery(12, { last })];
  const expected = {
    ...{
      id: 12,
      message_id: 'm7@example.com',
      domain: 'example.com',
      sender: 'shop@example.com',
      recipient: 'alice@example.org',
      destination: 'example.org',
    },
    ...{ priority: 0, due: '2026-03-04T10:30:00.000Z', attempts: 1, subject: 'Hello', size: 1200 },
    ...{ accepted_at: '2026-03-04T10:00:00.000Z', expires_at: '2026-03-04T18:00:00.000Z' },
    last: {
      code: 451,
      enhanced_code: '4.7.1',
      message: 'Greylisted',
      mx_host: 'mx.example.org',
      first_attempt_at: '2026-03-04T10:00:00.000Z',
    },
  };
  const attempt = { account: 1, messageId: 'm7@example.com', recipient: 'alice@example.org', outcome: 'deferred' as const, at: 0 };
  api.transcripts.entries = [
    { ...attempt, delivery: 12, attempt: 1, text: 'S: 451 4.7.1 Greylisted' },
    { ...attempt, delivery: 12, attempt: 1, text: 'secret of another account', account: 2 },
  ];
  const { why, ...shown } = (await api.call('GET', `${QUEUE}/12`)).json;
  expect(why).toMatch(
    /^It was tried once; mx\.example\.org put it off the last time: "451 Greylisted"\. First of its sender to this destination\. Its time is over/,
  );
  expect(shown).toEqual({
    ...expected,
    state: 'open',
    next_attempt_at: null,
    conversations: [{ attempt: 1, at: '1970-01-01T00:00:00.000Z', outcome: 'deferred', text: 'S: 451 4.7.1 Greylisted' }],
  });
  const list = await api.call('GET', QUEUE);
  expect(list.json.next).toBeNull();
  expect(list.json.items[1]).toEqual(expected);
  expect(list.json.items[0].last).toBeNull();
});

it('shows deliveries that are over, by number or by Message-ID', async () => {
  const noted = { account: 1, messageId: 'm7@example.com', attempt: 1, at: 0, text: 'S: 451 later' };
  api.transcripts.entries = [{ ...noted, delivery: 21, recipient: 'a@example.org', outcome: 'deferred' }];
  const recipients = ['a@example.org', 'b@example.org', 'c@example.org'];
  for (const [index, recipient] of recipients.entries()) api.events.add({ at: 1_000_000 + index, event: 'accepted', recipient });
  api.events.add({ at: 2_000_000, event: 'delivered', recipient: 'a@example.org' });
  api.events.add({ at: 3_000_000, event: 'failed', severity: 'permanent', recipient: 'b@example.org' });
  api.events.add({ at: 4_000_000, event: 'failed', severity: 'temporary', recipient: 'c@example.org' });
  api.queue.items = [queuedDelivery(33, { recipient: 'c@example.org' as never })];
  const one = (await api.call('GET', `${QUEUE}/21`)).json;
  expect(one).toMatchObject({
    ...{ id: 21, message_id: 'm7@example.com', recipient: 'a@example.org', destination: 'example.org', state: 'delivered' },
    end: { state: 'delivered', at: '1970-01-01T00:00:02.000Z' },
    conversations: [{ attempt: 1, outcome: 'deferred', text: 'S: 451 later' }],
  });
  for (const name of ['m7@example.com', '<m7@example.com>']) {
    const { json } = await api.call('GET', `${QUEUE}/${encodeURIComponent(name)}`);
    expect(json.message_id).toBe('m7@example.com');
    expect(json.items).toMatchObject([
      { id: 21, state: 'delivered' },
      { id: null, state: 'failed', recipient: 'b@example.org', conversations: [] },
      { id: 33, state: 'open', recipient: 'c@example.org', why: expect.stringContaining('First of its sender') },
    ]);
  }
  for (const name of ['21', 'm7@example.com']) {
    expect((await api.call('GET', `${QUEUE}/${encodeURIComponent(name)}`, { key: KEYS.other })).status).toBe(404);
  }
  expect((await api.call('GET', `${QUEUE}/nobody%40example.com`)).json).toEqual({ message: 'Message not found' });
});

it('answers 404 for what is not there or not of this account', async () => {
  api.queue.items = [queuedDelivery(11), queuedDelivery(12, { account: 2 })];
  for (const id of ['12', '13', '10', 'x', '-1', '1e1', '99999999999999999999']) {
    expect(await api.call('GET', `${QUEUE}/${id}`)).toMatchObject({ status: 404, json: { message: 'Delivery not found' } });
  }
  expect((await api.call('GET', QUEUE)).json.items).toHaveLength(1);
});

it('pages and filters', async () => {
  api.queue.items = Array.from({ length: 7 }, (_item, index) =>
    queuedDelivery(index + 1, index === 4 ? { messageId: 'm5@example.com', message: 55 } : {}),
  );
  const page = await api.call('GET', `${QUEUE}?limit=3`);
  expect(page.json.items.map((item: { id: number }) => item.id)).toEqual([1, 2, 3]);
  expect(page.json.next).toBe(3);
  expect((await api.call('GET', `${QUEUE}?limit=4&after=3`)).json).toMatchObject({
    items: [{ id: 4 }, { id: 5 }, { id: 6 }, { id: 7 }],
    next: null,
  });
  for (const message of ['55', '<m5@example.com>', 'm5@example.com']) {
    expect((await api.call('GET', `${QUEUE}?message=${encodeURIComponent(message)}`)).json).toMatchObject({
      items: [{ id: 5 }],
      next: null,
    });
  }
  expect((await api.call('GET', `${QUEUE}?destination=EXAMPLE.ORG&limit=1`)).json.items).toHaveLength(1);
  expect((await api.call('GET', `${QUEUE}?destination=example.net`)).json.items).toEqual([]);
  expect((await api.call('GET', `${QUEUE}?site=mx.example.org&limit=2`)).json).toMatchObject({ items: [{ id: 1 }, { id: 2 }], next: 2 });
  expect((await api.call('GET', `${QUEUE}?site=mx.example.net`)).json).toEqual({ items: [], next: null });
  expect((await api.call('GET', `${QUEUE}?recipient=alice`)).status).toBe(400);
  expect((await api.call('GET', `${QUEUE}?limit=1001`)).json.message).toBe("The 'limit' parameter can't be larger than 1000");
});

it('retries and cancels by id, by filter, or all, across pages', async () => {
  const many = () =>
    Array.from({ length: 2500 }, (_item, index) => queuedDelivery(index + 1, index % 2 ? { domain: 'second.example' } : {}));
  api.queue.items = [...many(), queuedDelivery(9000, { account: 2 })];
  expect(
    (
      await api.call('POST', `${QUEUE}/retry`, {
        form: [
          ['id', '1'],
          ['id', '3'],
          ['id', '9000'],
        ],
      })
    ).json,
  ).toEqual({ count: 2, unknown: [9000] });
  expect(api.queue.retried).toEqual([1, 3]);
  expect((await api.call('POST', `${QUEUE}/retry`, { form: { domain: 'second.example' } })).json).toEqual({ count: 1250 });
  expect((await api.call('POST', `${QUEUE}/cancel`, { form: { domain: 'second.example' } })).json).toEqual({ count: 1250 });
  expect((await api.call('POST', `${QUEUE}/cancel`, { form: { all: 'yes' } })).json).toEqual({ count: 1250 });
  expect(api.queue.items.map((item) => item.id)).toEqual([9000]);
});

it('holds and releases by what is named, and all when asked so', async () => {
  api.queue.items = [queuedDelivery(11, { messageId: 'm5@example.com', message: 55 })];
  const post = async (verb: string, form: Record<string, string>) => api.call('POST', `${QUEUE}/${verb}`, { form });
  const nothing = { by: 'account', domain: null, destination: null, site: null, message: null, reason: '', at: '2026-03-04T00:00:00.000Z' };
  expect((await post('hold', { destination: 'EXAMPLE.org', reason: 'down\nfor repair' })).json).toEqual({
    ...nothing,
    destination: 'example.org',
    reason: 'down for repair',
  });
  expect((await post('hold', { message: '<m5@example.com>' })).json).toEqual({ ...nothing, message: 55 });
  expect((await post('hold', { site: 'mx.example.org', domain: 'example.com' })).json).toMatchObject({ site: 'mx.example.org' });
  expect((await post('hold', { all: 'yes' })).json).toEqual(nothing);
  expect((await api.call('GET', `${QUEUE}/holds`)).json.items).toHaveLength(4);
  expect((await api.call('GET', `${QUEUE}/holds`, { key: KEYS.other })).json.items).toEqual([]);
  expect((await post('release', { destination: 'example.net' })).json).toEqual({ items: [] });
  expect((await post('release', { destination: 'example.org' })).json.items).toHaveLength(1);
  expect((await post('release', { all: 'yes' })).json.items).toHaveLength(3);
  expect(api.queue.held).toEqual([]);
  const wrong: Record<string, string>[] = [{}, { all: 'yes', domain: 'example.com' }, { recipient: 'a@example.org' }, { domain: 'a b' }];
  for (const form of wrong) for (const verb of ['hold', 'release']) expect((await post(verb, form)).status).toBe(400);
  for (const message of ['nobody@example.com', '56']) expect((await post('hold', { message })).status).toBe(404);
  // What was held may be over by now.
  expect(await post('release', { message: '56' })).toMatchObject({ status: 200, json: { items: [] } });
});

it('says of a retry what rests, by reason, and of a cancellation nothing of it', async () => {
  api.queue.items = [1, 2, 3].map((id) => queuedDelivery(id, { destinationName: id === 3 ? 'example.net' : 'example.org' }));
  api.queue.resting.set('example.org', { reason: 'mx.example.org is left alone for now: no connection', until: Date.UTC(2026, 2, 4, 11) });
  api.queue.resting.set('example.net', { reason: 'Held by the operator', until: undefined });
  expect((await api.call('POST', `${QUEUE}/retry`, { form: { all: 'yes' } })).json).toEqual({
    count: 3,
    resting: [
      { count: 2, reason: 'mx.example.org is left alone for now: no connection', until: '2026-03-04T11:00:00.000Z' },
      { count: 1, reason: 'Held by the operator', until: null },
    ],
  });
  expect((await api.call('POST', `${QUEUE}/cancel`, { form: { all: 'yes' } })).json).toEqual({ count: 3 });
});

it('names the value that it refuses', async () => {
  for (const [form, text] of [
    [{ id: '1e5' }, "'id' parameter is not a delivery's number: 1e5"],
    [{ recipient: 'nonsense' }, "'recipient' parameter is not a valid address: nonsense"],
    [{ destination: 'a b' }, "'destination' parameter is not a valid domain name: a b"],
  ] as [Record<string, string>, string][])
    expect((await api.call('POST', `${QUEUE}/retry`, { form })).json).toEqual({ message: text });
});

it('wants to be told which deliveries, in one way', async () => {
  for (const form of [
    {},
    { all: 'no' },
    { id: '1', all: 'yes' },
    { id: '1', domain: 'example.com' },
    { id: 'x' },
    { domain: 'a b' },
  ] as Record<string, string>[]) {
    expect((await api.call('POST', `${QUEUE}/cancel`, { form })).status).toBe(400);
  }
});

it('tails the events of all domains of the account, or of one', async () => {
  api.events.add({ at: 1_000_000 });
  api.events.add({ at: 2_000_000, domain: 'gone.example' });
  api.events.add({ at: 3_000_000, account: 2, domain: 'other.example' });
  const all = await api.call('GET', '/mailwagon/v1/events?ascending=yes');
  expect(all.json.items.map((item: { domain: { name: string } }) => item.domain.name)).toEqual(['example.com', 'gone.example']);
  const one = await api.call('GET', '/mailwagon/v1/events?ascending=yes&domain=example.com&limit=1');
  const { pathname, search } = new URL(one.json.paging.next);
  expect((await api.call('GET', pathname + search)).json.items).toEqual([]);
  expect((await api.call('GET', '/mailwagon/v1/events?domain=other.example')).json.items).toEqual([]);
});

it('says how it is', async () => {
  expect((await api.call('GET', '/mailwagon/v1/status')).json).toEqual({
    version: '0.1.0',
    uptime_seconds: 0,
    hostname: 'mail.example.net',
  });
});
