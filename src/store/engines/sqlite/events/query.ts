/**
 * One page of the event log, on the reader thread. First the streams that match account, domain, event and severity are found (they are few). Each
 * stream is then one index seek at the page's start, and the streams are merged by (at, id). So for any combination of these filters a page costs
 * about streams + limit seeks, however many events there are. For all other filters the events of the range are read one by one, a bounded number
 * per call.
 */
import { bodyFilters, bodyMatches, streamMatches } from '../../../event-filter.js';
import type { EventPosition, EventQuery, EventSlice } from '../../../event-store.js';
import { EVERY_ACCOUNT } from '../../../spool-store.js';
import { type Connection, inSnapshot } from '../database/open-database.js';

interface Found extends EventPosition {
  seq: number;
}

/**
 * How a stream is read. The most selective filter has its own index. The index is named in the query, because without statistics the planner would
 * only guess.
 */
const NARROWED = {
  byMessage: ['event_by_message', 'message_id = @messageId AND stream = @stream AND (@recipient IS NULL OR recipient = @recipient)'],
  byRecipient: ['event_by_recipient', 'recipient = @recipient AND stream = @stream'],
  byStream: ['event_by_stream', 'stream = @stream'],
} as const;

export const eventSql = (narrowed: keyof typeof NARROWED, ascending: boolean) => {
  const [index, where] = NARROWED[narrowed];
  const order = ascending ? 'at, id' : 'at DESC, id DESC';
  return `SELECT seq, at, id FROM event INDEXED BY ${index}
    WHERE ${where} AND (at, id) > (@lowAt, @lowId) AND (at, id) < (@highAt, @highId) ORDER BY ${order} LIMIT @limit`;
};

/** How many events one call looks at: about 50 ms. */
const MAX_LOOKED = 5000;

/** How many entries of each stream are read ahead after its first one. */
const READ_AHEAD = 50;

const isBefore = (a: EventPosition, b: EventPosition) => a.at < b.at || (a.at === b.at && a.id < b.id);
const FIRST: EventPosition = { at: -1, id: '' };
const LAST: EventPosition = { at: Number.MAX_SAFE_INTEGER, id: '' };

/** The open interval between begin, end and the last seen event. Ids are never empty, so `''` comes before all ids of the same µs. */
function boundsOf({ begin, end, after, ascending }: EventQuery): { low: EventPosition; high: EventPosition } {
  let low = begin === undefined ? FIRST : { at: begin, id: '' };
  let high = end === undefined ? LAST : { at: end + 1, id: '' };
  if (after && ascending && isBefore(low, after)) low = after;
  if (after && !ascending && isBefore(after, high)) high = after;
  return { low, high };
}

export function makeEventQuery(database: Connection) {
  const plan = (narrowed: keyof typeof NARROWED) => ({
    ascending: database.prepare<object, Found>(eventSql(narrowed, true)),
    descending: database.prepare<object, Found>(eventSql(narrowed, false)),
  });
  const plans = { byMessage: plan('byMessage'), byRecipient: plan('byRecipient'), byStream: plan('byStream') };
  const everyStream = database.prepare<object, { id: number; event: string; severity: string }>(
    `SELECT id, event, severity FROM stream WHERE (@domain IS NULL OR domain = @domain) AND (@severity IS NULL OR severity = @severity)`,
  );
  const streams = database.prepare<object, { id: number; event: string; severity: string }>(
    `SELECT id, event, severity FROM stream WHERE account = @account AND (@domain IS NULL OR domain = @domain)
     AND (@severity IS NULL OR severity = @severity)`,
  );
  const body = database.prepare<[number], { body: string }>('SELECT body FROM event WHERE seq = ?');

  function* readStream(query: EventQuery, stream: number): Generator<Found> {
    const { ascending, messageId = null, recipient = null } = query;
    const narrowed = messageId !== null ? 'byMessage' : recipient !== null ? 'byRecipient' : 'byStream';
    const statement = plans[narrowed][ascending ? 'ascending' : 'descending'];
    let { low, high } = boundsOf(query);
    for (let limit = 1; ; limit = READ_AHEAD) {
      const bounds = { lowAt: low.at, lowId: low.id, highAt: high.at, highId: high.id };
      const page = statement.all({ stream, messageId, recipient, ...bounds, limit });
      yield* page;
      const last = page.at(-1);
      if (!last || page.length < limit) return;
      if (ascending) low = last;
      else high = last;
    }
  }

  return {
    query: inSnapshot(database, (query: EventQuery): EventSlice => {
      const { account, domain = null, severity = null, events, filters = [], limit } = query;
      const rows = account === EVERY_ACCOUNT ? everyStream.all({ domain, severity }) : streams.all({ account, domain, severity });
      const matching = rows.filter((stream) => (!events || events.includes(stream.event)) && streamMatches(filters, stream));
      const merged = merge(
        matching.map(({ id }) => readStream(query, id)),
        query.ascending ? isBefore : (a, b) => isBefore(b, a),
      );
      const inBody = bodyFilters(filters);
      const slice: EventSlice = { events: [] };
      let looked = 0;
      for (const { seq, at, id } of merged) {
        const text = body.get(seq)?.body ?? '';
        if (inBody.length === 0 || bodyMatches(inBody, text)) slice.events.push({ at, id, body: text });
        if (slice.events.length === limit) break;
        if (++looked === MAX_LOOKED && inBody.length > 0) return { ...slice, stoppedAt: { at, id } };
      }
      return slice;
    }),
  };
}

/** Merges several sorted sources into one, with a binary heap of the sources by their next entry. */
function* merge(sources: Generator<Found>[], precedes: (a: Found, b: Found) => boolean): Generator<Found> {
  const heap: { next: Found; rest: Generator<Found> }[] = [];
  const swap = (a: number, b: number) => {
    [heap[a], heap[b]] = [heap[b] as (typeof heap)[0], heap[a] as (typeof heap)[0]];
  };
  const goesFirst = (a: number, b: number) => precedes((heap[a] as (typeof heap)[0]).next, (heap[b] as (typeof heap)[0]).next);
  const sink = () => {
    for (let index = 0; ; ) {
      let first = index;
      for (const child of [2 * index + 1, 2 * index + 2]) if (child < heap.length && goesFirst(child, first)) first = child;
      if (first === index) return;
      swap(index, first);
      index = first;
    }
  };
  for (const rest of sources) {
    const { value, done } = rest.next();
    if (done) continue;
    let index = heap.push({ next: value, rest }) - 1;
    for (let parent = (index - 1) >> 1; index > 0 && goesFirst(index, parent); index = parent, parent = (index - 1) >> 1)
      swap(index, parent);
  }
  for (let top = heap[0]; top; top = heap[0]) {
    yield top.next;
    const { value, done } = top.rest.next();
    if (done) {
      const last = heap.pop();
      if (last && heap.length > 0) heap[0] = last;
    } else top.next = value;
    sink();
  }
}

/** The largest numbers of deliveries and accounts in the log: see `alignNumbers`. */
export function makeEventNumbers(database: Connection) {
  const delivery = database.prepare<[], { largest: number | null }>('SELECT max(delivery) AS largest FROM conversation');
  const account = database.prepare<[], { largest: number | null }>('SELECT max(account) AS largest FROM stream');
  return { largestInEvents: () => ({ delivery: delivery.get()?.largest ?? 0, account: account.get()?.largest ?? 0 }) };
}
