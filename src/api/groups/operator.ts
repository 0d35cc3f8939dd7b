/** Our own endpoints for the command line: an account's queue (or all accounts'), its whole event log, and how the server is. Not part of Mailgun's API. */
import { notFound, parseDomain } from '#core';
import type {
  DeliveryStoryJson,
  IdleSettingsAnswer,
  MessageStoryJson,
  QueueAnswer,
  QueueChangeAnswer,
  StatusAnswer,
} from '../contract/queue-answers.js';
import { type Call, defineEndpoint, type Endpoint, pathParameter, type Services } from '../define-endpoint.js';
import { fetchPage } from '../event-query/fetch-page.js';
import { readPageRequest } from '../event-query/read-page-request.js';
import { changeDeliveries, readSelection } from '../operator/change-deliveries.js';
import { readDeliveryFilter } from '../operator/delivery-filter.js';
import { type DeliveryStory, storiesOfMessage, storyOfDelivery } from '../operator/delivery-story.js';
import { listDeliveries, readPlace } from '../operator/find-deliveries.js';
import { readScope } from '../operator/read-scope.js';
import { presentStory } from '../present/delivery-story.js';
import { presentEventPage } from '../present/event-page.js';
import { presentChange } from '../present/queue-change.js';
import { presentDelivery } from '../present/queued-delivery.js';

const BASE = '/mailwagon/v1';

async function listQueue(call: Call, services: Services): Promise<QueueAnswer> {
  const { form } = call;
  const { accounts, nameOf } = await readScope(call, services);
  const limit = form.integer('limit', { min: 1, max: 1000 }) ?? 100;
  const page = { filter: readDeliveryFilter(form), limit, after: readPlace(form, accounts) };
  const { items, next } = await listDeliveries(services.queue, accounts, page);
  return { items: items.map((item) => presentDelivery(item, nameOf(item.account))), next };
}

/** By the number of a delivery, or by a Message-ID, which has an `@`. Open or over. */
async function showDelivery(call: Call, services: Services): Promise<DeliveryStoryJson | MessageStoryJson> {
  const { accounts, nameOf } = await readScope(call, services);
  const name = pathParameter(call, 'delivery').trim().replace(/^<|>$/g, '');
  const present = (story: DeliveryStory) => presentStory(story, services.clock.now(), nameOf(story.account));
  if (/^\d{1,16}$/.test(name)) return present(await storyOfDelivery(services, accounts, Number(name)));
  if (!name.includes('@')) throw notFound('Delivery not found');
  const stories = await storiesOfMessage(services, accounts, name);
  return { message_id: name, items: stories.map(present) };
}

async function retry(call: Call, services: Services): Promise<QueueChangeAnswer> {
  const { accounts } = await readScope(call, services);
  return presentChange(await changeDeliveries(services.queue, accounts, 'retry', readSelection(call.form)));
}

async function cancel(call: Call, services: Services): Promise<QueueChangeAnswer> {
  const { accounts } = await readScope(call, services);
  return presentChange(await changeDeliveries(services.queue, accounts, 'cancel', readSelection(call.form)));
}

/** The filters by account and domain travel beside the page token, as a domain does in the path of Mailgun's own query. */
async function listEvents(call: Call, services: Services) {
  const { account } = await readScope(call, services);
  const name = call.form.text('domain');
  const domain = name === undefined ? undefined : (parseDomain(name) ?? name);
  const request = readPageRequest(call.form, call.params.page, services.clock.now(), ['account', 'domain']);
  const page = await fetchPage(services.events, account, domain, request);
  const beside = Object.entries({ account: call.form.text('account'), domain }).filter((entry) => entry[1] !== undefined);
  const query = beside.map(([key, value = '']) => `${key}=${encodeURIComponent(value)}`).join('&');
  return presentEventPage(page, call.baseUrl, `${BASE}/events`, query && `?${query}`);
}

/** What `doctor` tells of. */
async function listIdleSettings(call: Call, services: Services): Promise<IdleSettingsAnswer> {
  const { accounts } = await readScope(call, services);
  return { items: await services.directory.domains.idle(accounts) };
}

async function status(_call: Call, { version, hostname, clock, startedAt }: Services): Promise<StatusAnswer> {
  return { version, uptime_seconds: Math.floor((clock.monotonic() - startedAt) / 1000), hostname };
}

export const operatorEndpoints: Endpoint[] = [
  defineEndpoint(`GET ${BASE}/queue`, 'Operator', 'read', 'List open deliveries', listQueue),
  defineEndpoint(`POST ${BASE}/queue/retry`, 'Operator', 'write', 'Make deliveries due now', retry),
  defineEndpoint(`POST ${BASE}/queue/cancel`, 'Operator', 'write', 'End deliveries without delivering them', cancel),
  defineEndpoint(`GET ${BASE}/queue/:delivery`, 'Operator', 'read', 'Show a delivery, or those of a message, open or over', showDelivery),
  defineEndpoint(`GET ${BASE}/events`, 'Operator', 'read', 'Query the events of the account', listEvents),
  defineEndpoint(`GET ${BASE}/events/:page`, 'Operator', 'read', 'A page of an events query', listEvents),
  defineEndpoint(`GET ${BASE}/idle-settings`, 'Operator', 'read', 'Settings of domains that have no effect yet', listIdleSettings),
  defineEndpoint(`GET ${BASE}/status`, 'Operator', 'read', 'How the server is', status),
];
