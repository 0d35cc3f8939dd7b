/** Walks the queue of accounts in pages, so that a long queue is never in memory at once. */
import { badRequest } from '#core';
import type { Form } from '#http';
import type { Queue } from '#queue';
import type { QueuedDelivery } from '#store';
import { type DeliveryFilter, isStored, matches } from './delivery-filter.js';

/** A position in a list, which is ordered by account and then by id. */
export interface QueuePosition {
  account: number;
  id: number;
}

const MAX_PAGE = 1000;
const EVERYTHING: DeliveryFilter = { stored: {} };

/** Open deliveries behind `after`, a page at a time; each page is of one account. */
export async function* findDeliveries(
  queue: Queue,
  accounts: readonly number[],
  filter: DeliveryFilter = EVERYTHING,
  after: QueuePosition = { account: 0, id: 0 },
  pageSize = MAX_PAGE,
): AsyncGenerator<QueuedDelivery[]> {
  for (const account of accounts.filter((one) => one >= after.account)) {
    let position = account === after.account ? after.id : 0;
    for (let isMore = true; isMore; ) {
      const page = await queue.list({ account, ...filter.stored, limit: pageSize, after: position });
      yield page.filter((delivery) => matches(delivery, filter, queue));
      position = page.at(-1)?.id ?? position;
      isMore = page.length === pageSize;
    }
  }
}

/** At most `limit` deliveries, and the `after` of the page that follows, null when there is none. */
export async function listDeliveries(
  queue: Queue,
  accounts: readonly number[],
  page: { filter: DeliveryFilter | undefined; limit: number; after: QueuePosition | undefined },
) {
  const found: QueuedDelivery[] = [];
  // One more than asked for tells whether there is more; rows that are looked at one by one are better fetched in bulk.
  const pageSize = page.filter === undefined || isStored(page.filter) ? Math.min(MAX_PAGE, page.limit + 1) : MAX_PAGE;
  for await (const more of findDeliveries(queue, accounts, page.filter, page.after, pageSize)) {
    found.push(...more);
    if (found.length > page.limit) break;
  }
  const items = found.slice(0, page.limit);
  const last = items.at(-1);
  return { items, next: found.length > page.limit && last !== undefined ? placeText(last, accounts) : null };
}

/** The number of a delivery, in a list of several accounts with the number of its account before it. */
const placeText = ({ account, id }: QueuePosition, accounts: readonly number[]): number | string =>
  accounts.length === 1 ? id : `${account}.${id}`;

/** The `after` parameter: the `next` of the page before. Refusal 400. */
export function readQueuePosition(form: Form, accounts: readonly number[]): QueuePosition | undefined {
  const text = form.text('after')?.trim();
  if (text === undefined) return undefined;
  const match = /^(?:(\d{1,15})\.)?(\d{1,16})$/.exec(text);
  if (match === null || Number(match[2]) > Number.MAX_SAFE_INTEGER) throw badRequest("'after' parameter is not the 'next' of a page");
  return { account: Number(match[1] ?? accounts[0]), id: Number(match[2]) };
}
