/** The values of a batch's placeholders for one recipient (manual pages "Batch sending" and "Mailing lists"). */
import type { Address } from '#core';
import type { HeadField } from '../head/head-fields.js';
import type { FillSize } from './fill-size.js';
import type { Lookup } from './placeholders.js';

export interface MergeRecipient {
  address: Address;
  /** Display name, `''` when none was given. */
  name: string;
  variables: Readonly<Record<string, unknown>>;
}

/** Makes a field for one recipient. Undefined: this recipient's message does not have the field. */
export type FieldMaker = (recipient: MergeRecipient) => HeadField | undefined;

/** A field that differs between recipients. */
export interface MadeField {
  make: FieldMaker;
  /** Size of its text when filled. */
  size: FillSize;
}

export function mergeRecipientOf(delivery: {
  recipient: Address;
  recipientName?: string | undefined;
  recipientVariables?: Record<string, unknown> | undefined;
}): MergeRecipient {
  return { address: delivery.recipient, name: delivery.recipientName ?? '', variables: delivery.recipientVariables ?? {} };
}

/** Names that every recipient has a value for, if only the empty text. */
const PREDEFINED = ['recipient', 'recipient_email', 'recipient_name', 'recipient_fname', 'recipient_lname'];
const VARIABLE = 'recipient.';

/**
 * Finds the text for a name. A string stays as it is, a number or boolean is written as in JSON, null is the empty text, and an object or array is
 * JSON text. `a.b` is the key `a.b`, or else the key `b` of the object `a`. Each name is looked up once.
 */
export function makeLookup(recipient: MergeRecipient): Lookup {
  const known = new Map<string, string | undefined>();
  let paths: ReadonlyMap<string, unknown> | undefined;
  const find = (path: string): unknown => {
    if (Object.hasOwn(recipient.variables, path)) return recipient.variables[path];
    if (!path.includes('.')) return undefined;
    paths ??= pathsOf(recipient.variables);
    return paths.get(path);
  };
  return (name) => {
    const before = known.get(name);
    if (before !== undefined || known.has(name)) return before;
    const text = name.startsWith(VARIABLE) ? textOf(find(name.slice(VARIABLE.length))) : predefined(recipient, name);
    known.set(name, text);
    return text;
  };
}

/** Every name that the recipient has a text for. Names of values within objects are included only with `isNested`. */
export function namesOf({ variables }: MergeRecipient, isNested: boolean): string[] {
  const paths = isNested ? [...pathsOf(variables).keys()] : Object.keys(variables);
  return [...PREDEFINED, ...paths.map((path) => VARIABLE + path)];
}

function predefined({ name, address }: MergeRecipient, asked: string): string | undefined {
  if (asked === 'recipient') return name === '' ? address : `${name} <${address}>`;
  if (asked === 'recipient_email') return address;
  if (asked === 'recipient_name') return name;
  const words = name.split(/\s+/).filter((word) => word !== '');
  if (asked === 'recipient_fname') return words[0] ?? '';
  if (asked === 'recipient_lname') return words.length > 1 ? (words.at(-1) ?? '') : '';
  return undefined;
}

/** No placeholder has a longer name. */
const MAX_PATH = 255;

/** Every value by its path, own properties only, so that no name reaches a prototype. If two values have the same path, the first one counts. */
function pathsOf(variables: Readonly<Record<string, unknown>>): ReadonlyMap<string, unknown> {
  const paths = new Map<string, unknown>();
  const visit = (value: object, before: string): void => {
    const own = Object.entries(value).filter(([key]) => before.length + key.length <= MAX_PATH);
    for (const [key, item] of own) if (!paths.has(before + key)) paths.set(before + key, item);
    const objects = own.filter(([, item]) => typeof item === 'object' && item !== null).sort(([one], [other]) => one.length - other.length);
    for (const [key, item] of objects) visit(item as object, `${before}${key}.`);
  };
  visit(variables, '');
  return paths;
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  return value === null ? '' : JSON.stringify(value);
}
