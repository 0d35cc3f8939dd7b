/** Our own endpoints for the command line: the account's queue, its whole event log, and how the server is. Not part of Mailgun's API. */
import { notFound, parseDomain } from '#core';
import type { DeliveryStoryJson, MessageStoryJson, QueueAnswer, QueueChangeAnswer, StatusAnswer } from '../contract/queue-answers.js';
import { type Call, defineEndpoint, type Endpoint, pathParameter, type Services } from '../define-endpoint.js';
import { fetchPage } from '../event-query/fetch-page.js';
import { readPageRequest } from '../event-query/read-page-request.js';
import { changeDeliveries, readSelection } from '../operator/change-deliveries.js';
import { readDeliveryFilter } from '../operator/delivery-filter.js';
import { storiesOfMessage, storyOfDelivery } from '../operator/delivery-story.js';
import { listDeliveries } from '../operator/find-deliveries.js';
import { presentStory } from '../present/delivery-story.js';
import { presentEventPage } from '../present/event-page.js';
import { presentDelivery } from '../present/queued-delivery.js';

const BASE = '/mailwagon/v1';

async function listQueue({ account, form }: Call, { queue }: Services): Promise<QueueAnswer> {
  const limit = form.integer('limit', { min: 1, max: 1000 }) ?? 100;
  const after = form.integer('after', { min: 0, max: Number.MAX_SAFE_INTEGER });
  const { items, next } = await listDeliveries(queue, account, { filter: readDeliveryFilter(form), limit, after });
  return { items: items.map(presentDelivery), next };
}

/** By the number of a delivery, or by a Message-ID, which has an `@`. Open or over. */
async function showDelivery(call: Call, services: Services): Promise<DeliveryStoryJson | MessageStoryJson> {
  const name = pathParameter(call, 'delivery').trim().replace(/^<|>$/g, '');
  const now = services.clock.now();
  if (/^\d{1,16}$/.test(name)) return presentStory(await storyOfDelivery(services, call.account, Number(name)), now);
  if (!name.includes('@')) throw notFound('Delivery not found');
  const stories = await storiesOfMessage(services, call.account, name);
  return { message_id: name, items: stories.map((story) => presentStory(story, now)) };
}

async function retry({ account, form }: Call, { queue }: Services): Promise<QueueChangeAnswer> {
  return { count: await changeDeliveries(queue, account, 'retry', readSelection(form)) };
}

async function cancel({ account, form }: Call, { queue }: Services): Promise<QueueChangeAnswer> {
  return { count: await changeDeliveries(queue, account, 'cancel', readSelection(form)) };
}

/** The domain filter travels beside the page token, as a domain does in the path of Mailgun's own query. */
async function listEvents(call: Call, { events, clock }: Services) {
  const name = call.form.text('domain');
  const domain = name === undefined ? undefined : (parseDomain(name) ?? name);
  const request = readPageRequest(call.form, call.params.page, clock.now());
  const page = await fetchPage(events, call.account, domain, request);
  return presentEventPage(page, call.baseUrl, `${BASE}/events`, domain === undefined ? '' : `?domain=${encodeURIComponent(domain)}`);
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
  defineEndpoint(`GET ${BASE}/status`, 'Operator', 'read', 'How the server is', status),
];
