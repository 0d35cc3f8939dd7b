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
import { type ApiRequest, defineEndpoint, type EndpointDefinition, type Services } from '../endpoint/define-endpoint.js';
import { fetchPage } from '../event-query/fetch-page.js';
import { presentEventPage } from '../event-query/present-page.js';
import { readPageRequest } from '../event-query/read-page-request.js';
import { readAccountScope } from '../operator/account-scope.js';
import { changeDeliveries, type DeliveriesChanged, readSelection } from '../operator/change-deliveries.js';
import { readDeliveryFilter } from '../operator/delivery-filter.js';
import { type DeliveryStory, storiesOfMessage, storyOfDelivery } from '../operator/delivery-story.js';
import { listDeliveries, readQueuePosition } from '../operator/find-deliveries.js';
import { presentDelivery, presentStory } from '../operator/present-delivery.js';

/** Reasons that one answer lists. Each site may have its own, and nobody reads them all. */
const MAX_REASONS = 20;

function presentQueueChange({ count, left, unknown, resting }: DeliveriesChanged): QueueChangeAnswer {
  const reasons = [...resting.values()].sort((one, other) => other.count - one.count).slice(0, MAX_REASONS);
  return {
    count,
    ...(left === 0 ? {} : { left }),
    ...(unknown.length === 0 ? {} : { unknown }),
    ...(reasons.length === 0
      ? {}
      : {
          resting: reasons.map(({ reason, until, count: many }) => ({
            count: many,
            reason,
            until: until === undefined ? null : new Date(until).toISOString(),
          })),
        }),
  };
}

const BASE = '/mailwagon/v1';

async function listQueue(request: ApiRequest, services: Services): Promise<QueueAnswer> {
  const { form } = request;
  const { accounts, nameOf } = await readAccountScope(request, services);
  const limit = form.integer('limit', { min: 1, max: 1000 }) ?? 100;
  const page = { filter: readDeliveryFilter(form), limit, after: readQueuePosition(form, accounts) };
  const { items, next } = await listDeliveries(services.queue, accounts, page);
  return { items: items.map((item) => presentDelivery(item, nameOf(item.account))), next };
}

/** By the number of a delivery, or by a Message-ID, which has an `@`. Finds deliveries that are open and those that are over. */
async function showDelivery(request: ApiRequest<'delivery'>, services: Services): Promise<DeliveryStoryJson | MessageStoryJson> {
  const { accounts, nameOf } = await readAccountScope(request, services);
  const name = request.params.delivery.trim().replace(/^<|>$/g, '');
  const present = (story: DeliveryStory) => presentStory(story, services.clock.now(), nameOf(story.account));
  if (/^\d{1,16}$/.test(name)) return present(await storyOfDelivery(services, accounts, Number(name)));
  if (!name.includes('@')) throw notFound('Delivery not found');
  const stories = await storiesOfMessage(services, accounts, name);
  return { message_id: name, items: stories.map(present) };
}

async function retry(request: ApiRequest, services: Services): Promise<QueueChangeAnswer> {
  const { accounts } = await readAccountScope(request, services);
  return presentQueueChange(await changeDeliveries(services.queue, accounts, 'retry', readSelection(request.form)));
}

async function cancel(request: ApiRequest, services: Services): Promise<QueueChangeAnswer> {
  const { accounts } = await readAccountScope(request, services);
  return presentQueueChange(await changeDeliveries(services.queue, accounts, 'cancel', readSelection(request.form)));
}

/** The page token names neither account nor domain: both are parameters of every page's URL. */
async function showEvents(request: ApiRequest, services: Services, token?: string) {
  const { account } = await readAccountScope(request, services);
  const name = request.form.text('domain');
  const domain = name === undefined ? undefined : (parseDomain(name) ?? name);
  const asked = readPageRequest(request.form, token, services.clock.now(), ['account', 'domain']);
  const page = await fetchPage(services.events, account, domain, asked);
  const beside = Object.entries({ account: request.form.text('account'), domain }).filter((entry) => entry[1] !== undefined);
  const query = beside.map(([key, value = '']) => `${key}=${encodeURIComponent(value)}`).join('&');
  return presentEventPage(page, request.baseUrl, `${BASE}/events`, query && `?${query}`);
}

const listEvents = (request: ApiRequest, services: Services) => showEvents(request, services);
const goOn = (request: ApiRequest<'page'>, services: Services) => showEvents(request, services, request.params.page);

/** For the command `doctor`. */
async function listIdleSettings(request: ApiRequest, services: Services): Promise<IdleSettingsAnswer> {
  const { accounts } = await readAccountScope(request, services);
  return { items: await services.directory.domains.idle(accounts) };
}

async function status(_request: ApiRequest, { version, hostname, clock, startedAt }: Services): Promise<StatusAnswer> {
  return { version, uptime_seconds: Math.floor((clock.monotonic() - startedAt) / 1000), hostname };
}

export const operatorEndpoints: EndpointDefinition[] = [
  defineEndpoint(`GET ${BASE}/queue`, 'read', 'List open deliveries', listQueue),
  defineEndpoint(`POST ${BASE}/queue/retry`, 'write', 'Make deliveries due now', retry),
  defineEndpoint(`POST ${BASE}/queue/cancel`, 'write', 'End deliveries without delivering them', cancel),
  defineEndpoint(`GET ${BASE}/queue/:delivery`, 'read', 'Show a delivery, or those of a message, open or over', showDelivery),
  defineEndpoint(`GET ${BASE}/events`, 'read', 'Query the events of the account', listEvents),
  defineEndpoint(`GET ${BASE}/events/:page`, 'read', 'A page of an events query', goOn),
  defineEndpoint(`GET ${BASE}/idle-settings`, 'read', 'Settings of domains that have no effect yet', listIdleSettings),
  defineEndpoint(`GET ${BASE}/status`, 'read', 'How the server is', status),
];
