/** Which mail an operator means to hold or release. */
import { badRequest, notFound } from '#core';
import type { Form } from '#http';
import type { Queue } from '#queue';
import type { HoldFilter } from '#store';
import type { AccountScope } from './account-scope.js';
import { readDeliveryFilter } from './delivery-filter.js';
import { findDeliveries } from './find-deliveries.js';

/** A hold is for mail that waits. Refusal 404 when it names a message without open deliveries. */
export async function refuseUnknownMessage(queue: Queue, { accounts }: AccountScope, { message }: HoldFilter): Promise<void> {
  if (message === undefined) return;
  for await (const page of findDeliveries(queue, accounts, { stored: { message } })) if (page[0] !== undefined) return;
  throw notFound('No delivery of that message is open');
}

/**
 * Either filters (`domain`, `destination`, `site`, and `message`: the number or Message-ID of a message with open deliveries), or `all=yes` for all mail of
 * the account or accounts. One of the two must be given, so that a forgotten filter never means everything. Refusal 400, 404.
 */
export async function readHoldFilter(form: Form, queue: Queue, scope: AccountScope): Promise<HoldFilter> {
  if (form.text('recipient') !== undefined) throw badRequest("Mail cannot be held by 'recipient': name its 'destination' or 'message'");
  const filter = readDeliveryFilter(form);
  const isAll = form.flag('all') ?? false;
  if ((filter !== undefined) === isAll) {
    throw badRequest("Give either filters ('domain', 'destination', 'site', 'message'), or 'all=yes'");
  }
  const { domain, destination, message } = filter?.stored ?? {};
  const named = filter?.messageId === undefined ? message : await numberOf(queue, scope.accounts, filter.messageId);
  const { account, isOperators } = scope;
  return { account, isOperators, domain, destination, site: filter?.site, message: named };
}

async function numberOf(queue: Queue, accounts: readonly number[], messageId: string): Promise<number> {
  for await (const page of findDeliveries(queue, accounts, { stored: {}, messageId })) {
    if (page[0] !== undefined) return page[0].message;
  }
  throw notFound('No delivery of that message is open');
}
