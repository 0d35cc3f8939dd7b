/** Applies one verb to the deliveries an operator names: by id, by filter, or all of them. */
import { badRequest, cleanText } from '#core';
import type { Form } from '#http';
import type { Queue, WaitReason } from '#queue';
import type { QueuedDelivery } from '#store';
import { type DeliveryFilter, readDeliveryFilter } from './delivery-filter.js';
import { findDeliveries } from './find-deliveries.js';

export type Selection = { ids: number[] } | { filter: DeliveryFilter } | 'all';

/** Exactly one way of naming them, so that a forgotten filter never means everything. Refusal 400. */
export function readSelection(form: Form): Selection {
  const ids = form.texts('id').map((text) => {
    if (!/^\d{1,16}$/.test(text.trim())) throw badRequest(`'id' parameter is not a delivery's number: ${cleanText(text).slice(0, 100)}`);
    return Number(text);
  });
  const filter = readDeliveryFilter(form);
  const all = form.flag('all') ?? false;
  if ([ids.length > 0, filter !== undefined, all].filter(Boolean).length !== 1) {
    throw badRequest("Give either 'id', or filters ('domain', 'destination', 'site', 'recipient', 'message'), or 'all=yes'");
  }
  return all ? 'all' : filter === undefined ? { ids } : { filter };
}

export interface DeliveriesChanged {
  count: number;
  /** Open deliveries that were left as they are. */
  left: number;
  /** Ids of no open delivery. */
  unknown: number[];
  /** After a retry: the reasons why deliveries that are due now still wait, each with how many do. */
  resting: Map<string, WaitReason & { count: number }>;
}

type Verb = 'retry' | 'cancel';

export async function changeDeliveries(
  queue: Queue,
  accounts: readonly number[],
  verb: Verb,
  selection: Selection,
): Promise<DeliveriesChanged> {
  const changed: DeliveriesChanged = { count: 0, left: 0, unknown: [], resting: new Map() };
  if (selection !== 'all' && 'ids' in selection) {
    for (const id of new Set(selection.ids)) {
      const delivery = await findOpen(queue, accounts, id);
      if (delivery === undefined) changed.unknown.push(id);
      else await change(queue, verb, [delivery], changed);
    }
    return changed;
  }
  for await (const page of findDeliveries(queue, accounts, selection === 'all' ? undefined : selection.filter)) {
    await change(queue, verb, page, changed);
  }
  return changed;
}

async function findOpen(queue: Queue, accounts: readonly number[], id: number): Promise<QueuedDelivery | undefined> {
  for (const account of accounts) {
    const [delivery] = await queue.list({ account, limit: 1, after: id - 1 });
    if (delivery?.id === id) return delivery;
  }
  return undefined;
}

/** All deliveries of `page` are of one account. */
async function change(queue: Queue, verb: Verb, page: readonly QueuedDelivery[], changed: DeliveriesChanged): Promise<void> {
  if (page[0] === undefined) return;
  const count = await queue[verb](
    page[0].account,
    page.map(({ id }) => id),
  );
  changed.count += count;
  changed.left += page.length - count;
  if (verb === 'retry' && count > 0) for (const delivery of page) addRest(queue.obstacle(delivery), changed.resting);
}

function addRest(rest: WaitReason | undefined, resting: DeliveriesChanged['resting']): void {
  if (rest === undefined) return;
  const known = resting.get(rest.reason);
  if (known === undefined) resting.set(rest.reason, { ...rest, count: 1 });
  else known.count += 1;
}
