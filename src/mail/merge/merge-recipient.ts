/** What the placeholders of a batch stand for, for one recipient (manual pages "Batch sending" and "Mailing lists"). */
import type { Address } from '#core';
import type { HeadField } from '../head-fields.js';
import type { Lookup } from './placeholders.js';

export interface MergeRecipient {
  address: Address;
  /** Display name, `''` when none was given. */
  name: string;
  variables: Readonly<Record<string, unknown>>;
}

/** A field for one recipient; undefined: this recipient's message goes without it. */
export type FieldMaker = (recipient: MergeRecipient) => HeadField | undefined;

export function mergeRecipientOf(delivery: {
  recipient: Address;
  recipientName?: string | undefined;
  recipientVariables?: Record<string, unknown> | undefined;
}): MergeRecipient {
  return { address: delivery.recipient, name: delivery.recipientName ?? '', variables: delivery.recipientVariables ?? {} };
}

/**
 * The predefined names are always known, be it as the empty text. A variable is text as it is, number or boolean as JSON writes it, nothing for
 * null, JSON text for an object or array. `a.b` is a key of that name, or else the key `b` of the object `a`.
 */
export function makeLookup(recipient: MergeRecipient): Lookup {
  return (name) => {
    if (name.startsWith('recipient.')) return textOf(find(recipient.variables, name.slice('recipient.'.length)));
    if (name === 'recipient') return recipient.name === '' ? recipient.address : `${recipient.name} <${recipient.address}>`;
    if (name === 'recipient_email') return recipient.address;
    if (name === 'recipient_name') return recipient.name;
    const words = recipient.name.split(/\s+/).filter((word) => word !== '');
    if (name === 'recipient_fname') return words[0] ?? '';
    if (name === 'recipient_lname') return words.length > 1 ? (words.at(-1) ?? '') : '';
    return undefined;
  };
}

/** Own properties only: no name reaches a prototype. */
function find(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, path)) return (value as Record<string, unknown>)[path];
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const key = path.slice(0, dot);
    if (!Object.hasOwn(value, key)) continue;
    const found = find((value as Record<string, unknown>)[key], path.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  return value === null ? '' : JSON.stringify(value);
}
