/** The event log of a domain. */
import { type ApiRequest, defineEndpoint, type EndpointDefinition, type Services } from '../endpoint/define-endpoint.js';
import { fetchPage } from '../event-query/fetch-page.js';
import { presentEventPage } from '../event-query/present-page.js';
import { readPageRequest } from '../event-query/read-page-request.js';

async function showPage(request: ApiRequest<'domain'>, { directory, events, clock }: Services, token?: string) {
  const domain = await directory.domains.get(request.account, request.params.domain);
  const query = readPageRequest(request.form, token, clock.now());
  const page = await fetchPage(events, request.account, domain.name, query);
  return presentEventPage(page, request.baseUrl, `/v3/${domain.name}/events`);
}

const list = (request: ApiRequest<'domain'>, services: Services) => showPage(request, services);
const goOn = (request: ApiRequest<'domain' | 'page'>, services: Services) => showPage(request, services, request.params.page);

export const eventEndpoints: EndpointDefinition[] = [
  defineEndpoint('GET /v3/:domain/events', 'read', 'Query the events of a domain', list),
  defineEndpoint('GET /v3/:domain/events/:page', 'read', 'A page of an events query', goOn),
];
