/** Walks the queue of an account in pages, so that a long queue is never in memory at once. */
import type { Queue } from '#queue';
import type { QueuedDelivery } from '#store';
import { type DeliveryFilter, isStored, matches } from './delivery-filter.js';

const MAX_PAGE = 1000;
const EVERYTHING: DeliveryFilter = { stored: {} };

/** Open deliveries with an id above `after`, in order of their ids, a page at a time. */
export async function* findDeliveries(
  queue: Queue,
  account: number,
  filter: DeliveryFilter = EVERYTHING,
  after = 0,
  pageSize = MAX_PAGE,
): AsyncGenerator<QueuedDelivery[]> {
  let position = after;
  for (;;) {
    const page = await queue.list({ account, ...filter.stored, limit: pageSize, after: position });
    yield page.filter((delivery) => matches(delivery, filter, queue));
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return;
    position = last.id;
  }
}

/** At most `limit` deliveries, and the `after` of the page that follows, null when there is none. */
export async function listDeliveries(queue: Queue, account: number, page: { filter?: DeliveryFilter; limit: number; after?: number }) {
  const found: QueuedDelivery[] = [];
  // One more than asked for tells whether there is more; rows that are looked at one by one are better fetched in bulk.
  const pageSize = page.filter === undefined || isStored(page.filter) ? Math.min(MAX_PAGE, page.limit + 1) : MAX_PAGE;
  for await (const more of findDeliveries(queue, account, page.filter, page.after, pageSize)) {
    found.push(...more);
    if (found.length > page.limit) break;
  }
  const items = found.slice(0, page.limit);
  return { items, next: found.length > page.limit ? (items.at(-1)?.id ?? null) : null };
}
