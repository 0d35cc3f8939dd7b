/** A page of events as Mailgun's clients read it: four absolute URLs, always. */
import type { EventPageAnswer } from '../contract/event-answers.js';
import { storageUrl } from '../present/stored-message.js';
import type { EventPage } from './fetch-page.js';
import { encodePageToken, type PageRequest } from './page-request.js';

/** `baseUrl` is the server as the client sees it. A URL of a page is `listPath`, a slash, the page's token and `query`, which is the same for all pages. */
export function presentEventPage(page: EventPage, baseUrl: string, listPath: string, query = ''): EventPageAnswer {
  const url = (request: PageRequest) => `${baseUrl}${listPath}/${encodePageToken(request)}${query}`;
  return {
    items: page.events.map((event) => withStorageUrl(JSON.parse(event.body), baseUrl)),
    paging: { next: url(page.next), previous: url(page.previous), first: url(page.first), last: url(page.last) },
  };
}

type StoredJson = Record<string, unknown> & { domain?: { name?: string }; storage?: { key?: string } };

/** The URL is not stored, because it depends on who asks; its last segment is the key. */
function withStorageUrl(event: StoredJson, baseUrl: string): Record<string, unknown> {
  const [domain, key] = [event.domain?.name, event.storage?.key];
  if (domain === undefined || key === undefined) return event;
  return { ...event, storage: { url: storageUrl(baseUrl, domain, key), ...event.storage } };
}
