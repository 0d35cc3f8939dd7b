/** Which open deliveries an operator means. Pure. */
import { badRequest, cleanText, parseAddress, parseDomain } from '#core';
import type { Form } from '#http';
import type { Queue } from '#queue';
import type { QueuedDelivery, QueueFilter } from '#store';

export interface DeliveryFilter {
  /** What the store filters by. */
  stored: Pick<QueueFilter, 'domain' | 'destination' | 'recipient' | 'message'>;
  /** Message-ID without angle brackets; looked at row by row, because the queue has no index on it. */
  messageId?: string;
  /** Servers that the destination's mail goes to; only the queue knows which those are. */
  site?: string;
}

/** `domain`, `destination`, `site`, `recipient`, and `message`: a message's number or its Message-ID. Undefined when none is given. Refusal 400. */
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
  const site = cleanText(form.text('site') ?? '') || undefined;
  const isEmpty = messageId === undefined && site === undefined && Object.values(stored).every((value) => value === undefined);
  return isEmpty ? undefined : { stored, messageId, site };
}

export const matches = (delivery: QueuedDelivery, { messageId, site }: DeliveryFilter, queue: Pick<Queue, 'isAt'>): boolean =>
  (messageId === undefined || delivery.messageId === messageId) && (site === undefined || queue.isAt(delivery.destinationName, site));

/** True when the store applies the whole filter, so that no row has to be looked at here. */
export const isStored = ({ messageId, site }: DeliveryFilter): boolean => messageId === undefined && site === undefined;

function readName(form: Form, name: 'domain' | 'destination'): string | undefined {
  const text = form.text(name)?.trim();
  const domain = text === undefined ? undefined : parseDomain(text);
  if (text !== undefined && domain === undefined) throw badRequest(`'${name}' parameter is not a valid domain name: ${shown(text)}`);
  return domain;
}

function readRecipient(text: string | undefined): string | undefined {
  const address = text === undefined ? undefined : parseAddress(text.trim(), () => true);
  if (text !== undefined && address === undefined) throw badRequest(`'recipient' parameter is not a valid address: ${shown(text)}`);
  return address;
}

/** What a client wrote, cut and cleaned for an error text. */
const shown = (text: string) => cleanText(text).slice(0, 100);
