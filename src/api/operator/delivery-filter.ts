/** Which open deliveries an operator means. Pure. */
import { badRequest, parseAddress, parseDomain } from '#core';
import type { QueuedDelivery, QueueFilter } from '#store';
import type { Form } from '../body/form.js';

export interface DeliveryFilter {
  /** What the store filters by. */
  stored: Pick<QueueFilter, 'domain' | 'destination' | 'recipient' | 'message'>;
  /** Message-ID without angle brackets; looked at row by row, because the queue has no index on it. */
  messageId?: string;
}

/** `domain`, `destination`, `recipient`, and `message`: a message's number or its Message-ID. Undefined when none is given. Refusal 400. */
export function readDeliveryFilter(form: Form): DeliveryFilter | undefined {
  const message = form.text('message')?.trim();
  const isNumber = message !== undefined && /^\d{1,16}$/.test(message);
  const stored = {
    domain: readName(form, 'domain'),
    destination: readName(form, 'destination'),
    recipient: readRecipient(form.text('recipient')),
    message: isNumber ? Number(message) : undefined,
  };
  const messageId = isNumber ? undefined : message?.replace(/^<|>$/g, '');
  const isEmpty = messageId === undefined && Object.values(stored).every((value) => value === undefined);
  return isEmpty ? undefined : { stored, messageId };
}

export const matches = (delivery: QueuedDelivery, filter: DeliveryFilter): boolean =>
  filter.messageId === undefined || delivery.messageId === filter.messageId;

function readName(form: Form, name: 'domain' | 'destination'): string | undefined {
  const text = form.text(name)?.trim();
  const domain = text === undefined ? undefined : parseDomain(text);
  if (text !== undefined && domain === undefined) throw badRequest(`'${name}' parameter is not a valid domain name`);
  return domain;
}

function readRecipient(text: string | undefined): string | undefined {
  const address = text === undefined ? undefined : parseAddress(text.trim());
  if (text !== undefined && address === undefined) throw badRequest("'recipient' parameter is not a valid address");
  return address;
}
