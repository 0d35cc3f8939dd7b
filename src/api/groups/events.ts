/** The event log of a domain. */
import { type Call, defineEndpoint, type Endpoint, pathParameter, type Services } from '../define-endpoint.js';
import { fetchPage } from '../event-query/fetch-page.js';
import { readPageRequest } from '../event-query/read-page-request.js';
import { presentEventPage } from '../present/event-page.js';

async function list(call: Call, { directory, events, clock }: Services) {
  const domain = await directory.domains.get(call.account, pathParameter(call, 'domain'));
  const request = readPageRequest(call.form, call.params.page, clock.now());
  const page = await fetchPage(events, call.account, domain.name, request);
  return presentEventPage(page, call.baseUrl, `/v3/${domain.name}/events`);
}

export const eventEndpoints: Endpoint[] = [
  defineEndpoint('GET /v3/:domain/events', 'Events', 'read', 'Query the events of a domain', list),
  defineEndpoint('GET /v3/:domain/events/:page', 'Events', 'read', 'A page of an events query', list),
];
