/**
 * How messages cross the thread boundary: flat rows with their JSON columns already text (made and read on the main thread),
 * and bytes as Uint8Array that own their whole buffer (cloning a view would copy everything behind it).
 */
import type { Address, Body, Delivery, Message, MessageRecipient, ReversePath } from '#core';
import { DEFAULT_KEEP_MS } from '../../../retention.js';
import type { IdempotencyRecord, NewDelivery, NewMessage, OutboxEvent } from '../../../spool-store.js';

export interface MessageRow {
  id: number;
  account: number;
  domain: string;
  sender: string;
  size: number;
  bodyHash: string;
  bodyFile: string | null;
  bodySize: number;
  acceptedAt: number;
  expiresAt: number;
  /** JSON. */
  traits: string;
  options: string;
  facts: string;
  /** JSON; null for an ordinary message. */
  merge: string | null;
  head: Uint8Array;
  /** Null when the body is a file. */
  body: Uint8Array | null;
}

export interface PutRows {
  message: MessageRow;
  deliveries: DeliveryRow[];
  events: OutboxEvent[];
  usageDay: string | undefined;
  keepMs: number;
  idempotency: IdempotencyRecord | undefined;
}

/** A new delivery, its variables as JSON text. */
export interface DeliveryRow extends Pick<NewDelivery, 'id' | 'recipient' | 'destinationName' | 'priority' | 'due'> {
  recipientName: string | null;
  variables: string | null;
}

/** One recipient of a batch, as a row of the queue or of `batch_recipient` holds it. */
export interface RecipientRow {
  id: number;
  recipient: string;
  recipientName: string | null;
  /** JSON. */
  variables: string | null;
}

/** A row of the queue with the name of its destination beside it and `last` as JSON text. */
export interface QueueRow {
  destination: number;
  account: number;
  priority: number;
  due: number;
  id: number;
  message: number;
  recipient: string;
  attempts: number;
  last: string | null;
  recipientName: string | null;
  /** JSON. */
  variables: string | null;
}

function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}

export function toPutRows({ message, deliveries, events, usageDay, keepMs = DEFAULT_KEEP_MS, idempotency }: NewMessage): PutRows {
  const { head, body, traits, options, facts, merge } = message;
  return {
    message: {
      id: message.id,
      account: message.account,
      domain: message.domain,
      sender: message.sender,
      size: message.size,
      bodyHash: message.bodyHash,
      bodyFile: body.kind === 'file' ? body.name : null,
      bodySize: body.kind === 'file' ? body.size : body.bytes.byteLength,
      acceptedAt: message.acceptedAt,
      expiresAt: message.expiresAt,
      traits: JSON.stringify(traits),
      options: JSON.stringify(options),
      facts: JSON.stringify(facts),
      merge: merge === undefined ? null : JSON.stringify(merge),
      head: ownBytes(head),
      body: body.kind === 'inline' ? ownBytes(body.bytes) : null,
    },
    deliveries: deliveries.map(toDeliveryRow),
    events,
    usageDay,
    keepMs,
    idempotency,
  };
}

function toDeliveryRow({ id, recipient, destinationName, priority, due, recipientName, recipientVariables }: NewDelivery): DeliveryRow {
  const variables = recipientVariables === undefined ? null : JSON.stringify(recipientVariables);
  return { id, recipient, destinationName, priority, due, recipientName: recipientName ?? null, variables };
}

export function toMessage({ bodyFile, bodySize, traits, options, facts, merge, head, body, ...row }: MessageRow): Message {
  const stored: Body =
    bodyFile === null ? { kind: 'inline', bytes: body ?? new Uint8Array() } : { kind: 'file', name: bodyFile, size: bodySize };
  return {
    ...row,
    sender: row.sender as ReversePath,
    head,
    body: stored,
    traits: JSON.parse(traits),
    options: JSON.parse(options),
    facts: JSON.parse(facts),
    ...(merge === null ? {} : { merge: JSON.parse(merge) }),
  };
}

export function toRecipient({ id, recipient, recipientName, variables }: RecipientRow): MessageRecipient {
  return {
    id,
    recipient: recipient as Address,
    recipientName: recipientName ?? undefined,
    recipientVariables: variables === null ? undefined : JSON.parse(variables),
  };
}

// Written out field by field, because it runs for every row that is taken. A copy with rest and spread takes several times as long.
export function toDelivery(row: QueueRow, destinationName: string): Delivery {
  const delivery: Delivery = {
    destination: row.destination,
    account: row.account,
    priority: row.priority as Delivery['priority'],
    id: row.id,
    message: row.message,
    recipient: row.recipient as Address,
    destinationName,
    due: row.due,
    attempts: row.attempts,
  };
  if (row.last !== null) delivery.last = JSON.parse(row.last);
  if (row.recipientName !== null) delivery.recipientName = row.recipientName;
  if (row.variables !== null) {
    delivery.recipientVariables = JSON.parse(row.variables);
    delivery.variablesSize = row.variables.length;
  }
  return delivery;
}
