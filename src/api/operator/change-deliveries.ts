/** Applies one verb to the deliveries an operator names: by id, by filter, or all of them. */
import { badRequest } from '#core';
import type { Queue } from '#queue';
import type { Form } from '../body/form.js';
import { type DeliveryFilter, readDeliveryFilter } from './delivery-filter.js';
import { findDeliveries } from './find-deliveries.js';

export type Selection = { ids: number[] } | { filter: DeliveryFilter } | 'all';

/** Exactly one way of naming them, so that a forgotten filter never means everything. Refusal 400. */
export function readSelection(form: Form): Selection {
  const ids = form.texts('id').map((text) => {
    if (!/^\d{1,16}$/.test(text.trim())) throw badRequest("'id' parameter is not a delivery's number");
    return Number(text);
  });
  const filter = readDeliveryFilter(form);
  const all = form.flag('all') ?? false;
  if ([ids.length > 0, filter !== undefined, all].filter(Boolean).length !== 1) {
    throw badRequest("Give either 'id', or filters ('domain', 'destination', 'site', 'recipient', 'message'), or 'all=yes'");
  }
  return all ? 'all' : filter === undefined ? { ids } : { filter };
}

/** How many were changed. */
export async function changeDeliveries(
  queue: Queue,
  accounts: readonly number[],
  verb: 'retry' | 'cancel',
  selection: Selection,
): Promise<number> {
  let count = 0;
  if (selection !== 'all' && 'ids' in selection) {
    for (const account of accounts) count += await queue[verb](account, selection.ids);
    return count;
  }
  for await (const page of findDeliveries(queue, accounts, selection === 'all' ? undefined : selection.filter)) {
    const ids = page.map((delivery) => delivery.id);
    if (page[0] !== undefined) count += await queue[verb](page[0].account, ids);
  }
  return count;
}
