/** Whether a domain's mail goes out, and the end of what is queued: shapes that clients read. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { presentSendingQueues } from '#api/groups/sending-queues.js';
import { Refusal } from '#core';
import { queuedDelivery } from './support/fake-services.js';
import { type Harness, KEYS, startApi } from './support/harness.js';

let api: Harness;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

const PATH = '/v3/domains/example.com/sending_queues';
const ENABLED = { is_disabled: false, disabled: { until: '', reason: '' } };
const disabled = (reason: string, until = '') => ({ is_disabled: true, disabled: { until, reason } });
const both = (state: object) => ({ regular: state, scheduled: state });

describe('sending_queues', () => {
  it('is enabled as a rule, at both addresses', async () => {
    for (const path of [PATH, '/v3/example.com/sending_queues']) expect((await api.call('GET', path)).json).toEqual(both(ENABLED));
  });

  it('is disabled by a hold on the domain or the account, with its reason', async () => {
    await api.queue.hold({ account: 1, domain: 'second.example' }, 'not ours');
    await api.queue.hold({ account: 1, destination: 'example.org' }, 'a destination');
    await api.queue.hold({ account: 1, domain: 'example.com', destination: 'example.org' }, 'part of it');
    await api.queue.hold({ account: 2 }, 'another account');
    expect((await api.call('GET', PATH)).json).toEqual(both(ENABLED));
    await api.queue.hold({ account: 1, domain: 'example.com' }, 'Unpaid bill');
    expect((await api.call('GET', PATH)).json).toEqual(both(disabled('Unpaid bill')));
    await api.queue.release({ account: 1, domain: 'example.com' });
    await api.queue.hold({ account: 1 });
    expect((await api.call('GET', PATH)).json).toEqual(both(disabled('Held by its own account')));
  });

  it('is disabled while the account has too much queued, and until when', async () => {
    const text = 'Too much mail of this account is waiting to be delivered, try again later';
    api.intake.pressure = new Refusal({ smtpCode: 452, enhancedCode: '4.3.1', httpStatus: 429, text, retryAfter: 60 });
    const { json } = await api.call('GET', PATH);
    expect(json.regular).toMatchObject({ is_disabled: true, disabled: { reason: text } });
    expect(json.regular.disabled.until).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
    expect(json.scheduled).toEqual(json.regular);
  });

  it('is disabled with its domain', async () => {
    const domain = { ...api.directory.addDomain(1, 'off.example'), state: 'disabled' as const };
    expect(presentSendingQueues({ domain, holds: [], refusal: undefined, now: 0 })).toEqual(both(disabled('The domain is disabled')));
  });
});

it('ends all that is queued for a domain', async () => {
  api.queue.items = [queuedDelivery(1), queuedDelivery(2, { domain: 'second.example' }), queuedDelivery(3, { account: 2 })];
  expect((await api.call('DELETE', '/v3/example.com/envelopes', { key: KEYS.support })).status).toBe(403);
  expect(await api.call('DELETE', '/v3/example.com/envelopes')).toMatchObject({ status: 200, json: { message: 'done' } });
  expect(api.queue.items.map(({ id }) => id)).toEqual([2, 3]);
});
