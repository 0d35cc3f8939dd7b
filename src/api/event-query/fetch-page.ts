/** Fetches one page of events and says which pages are the first, the last, and those beside it. Every page has all four, also an empty one. */
import type { EventLog } from '#events';
import type { EventPosition, StoredEvent } from '#store';
import { planFilters } from './event-filters.js';
import type { PageRequest } from './page-request.js';

export interface EventPage {
  /** In the direction of the range. */
  events: StoredEvent[];
  first: PageRequest;
  previous: PageRequest;
  next: PageRequest;
  last: PageRequest;
}

/** `domain` undefined: all domains of the account. */
export async function fetchPage(log: EventLog, account: number, domain: string | undefined, request: PageRequest): Promise<EventPage> {
  const { range, filters, limit, place } = request;
  const isForward = place.kind === 'first' || place.kind === 'next';
  const rows = await log.query({
    ...{ account, domain, limit, ...planFilters(filters) },
    ...{ begin: range.lower, end: range.upper },
    ascending: range.ascending === isForward,
    after: 'from' in place ? place.from : undefined,
  });
  const events = isForward ? rows : rows.reverse();
  const at = (to: PageRequest['place']): PageRequest => ({ ...request, place: to });
  const first = at({ kind: 'first' });
  const newest = events.at(-1);
  const oldest = events[0];
  return {
    events,
    first,
    last: at({ kind: 'last' }),
    next: newest ? at({ kind: 'next', from: positionOf(newest) }) : place.kind === 'next' ? request : first,
    previous: oldest ? at({ kind: 'previous', from: positionOf(oldest) }) : beforeEmpty(request, first),
  };
}

const positionOf = ({ at, id }: StoredEvent): EventPosition => ({ at, id });

/** Before the empty page at the end of a range comes the page that ends with the last event seen, that event included. */
function beforeEmpty(request: PageRequest, first: PageRequest): PageRequest {
  const { place, range } = request;
  if (place.kind === 'previous') return request;
  if (place.kind !== 'next') return first;
  const { at, id } = place.from;
  // Ids are URL-safe base64: `~` sorts after all of it, a shorter id before.
  return { ...request, place: { kind: 'previous', from: { at, id: range.ascending ? `${id}~` : id.slice(0, -1) } } };
}
