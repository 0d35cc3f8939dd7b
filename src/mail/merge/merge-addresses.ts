/**
 * Address fields with placeholders. The list is read first, placeholders and all, and filled element by element: a value is text of a display name,
 * part of one address, or the one mailbox that stands for its whole element. So no value can add an address. A list that can be read in
 * two ways stays as it is.
 */
import { domainOf, parseAddress, parseDomain } from '#core';
import { splitAddressList } from '../head/address-elements.js';
import { formatMailbox, parseAddressList } from '../head/address-list.js';
import type { HeadField } from '../head/head-fields.js';
import { makeField } from '../head/make-field.js';
import { type FieldMaker, type MergeRecipient, makeLookup } from './merge-recipient.js';
import { fillPlaceholders, type Lookup, onOneLine, parseTemplate, placeholderText, type TextTemplate } from './placeholders.js';

interface Element {
  name: TextTemplate;
  address: TextTemplate;
}

/**
 * Elements that come to nothing are left out, and the field with the last of them; the author's fields stay as they are then. Undefined: so does this
 * field for everybody.
 */
export function compileAddresses(field: HeadField): FieldMaker | undefined {
  const { name, lowerName, value } = field;
  const elements = readElements(value);
  if (elements === undefined) return undefined;
  const isAuthor = lowerName === 'from' || lowerName === 'sender';
  if (isAuthor && !readsAlike(value, elements)) return undefined;
  return (recipient) => {
    const lookup = makeLookup(recipient);
    const fallback = lowerName === 'to' ? recipient.address : undefined;
    const mailboxes = elements.flatMap((element) => fillElement(element, recipient, lookup, fallback) ?? []);
    if (mailboxes.length > 0) return makeField(name, mailboxes.join(', '));
    return isAuthor ? field : undefined;
  };
}

/** Who may be named as author was judged without regard to placeholders: no key may hide or bare an address. */
function readsAlike(value: string, elements: readonly Element[]): boolean {
  const judged = parseAddressList(value)?.map((mailbox) => mailbox.address);
  const read = elements.map(({ address }) =>
    parseAddress(address.map((piece) => (typeof piece === 'string' ? piece : placeholderText(piece))).join('')),
  );
  return judged !== undefined && judged.length === read.length && judged.every((address, index) => address === read[index]);
}

/** Keys may hold what separates addresses (`%recipient.h:Reply-To%`), so each placeholder is a plain word while the list is read. */
function readElements(value: string): Element[] | undefined {
  const mark = freeMark(value);
  const sources: string[] = [];
  const marked = parseTemplate(value)
    .map((piece) => (typeof piece === 'string' ? piece : `${mark}${sources.push(placeholderText(piece))}z`))
    .join('');
  const marks = new RegExp(`${mark}(\\d+)z`, 'gi');
  const unmark = (text: string) => text.replace(marks, (_, index: string) => sources[Number(index) - 1] ?? '');
  return splitAddressList(marked)?.elements.map((element) => ({
    name: parseTemplate(unmark(element.name)),
    address: parseTemplate(unmark(element.address)),
  }));
}

/** A word that is not in the text: longer by one than the longest that begins alike. */
function freeMark(text: string): string {
  const like = text.match(/mergewordx*/gi) ?? [];
  const longest = like.reduce((most, { length }) => Math.max(most, length), 0);
  return longest === 0 ? 'mergeword' : `mergeword${'x'.repeat(longest + 1 - 'mergeword'.length)}`;
}

function fillElement(
  { name, address }: Element,
  recipient: MergeRecipient,
  lookup: Lookup,
  fallback: string | undefined,
): string | undefined {
  const [only] = name;
  if (address.length === 0 && name.length === 1 && only !== undefined && typeof only !== 'string') {
    if (only.name === 'recipient') return formatMailbox({ name: onOneLine(recipient.name).trim(), address: recipient.address });
    const value = lookup(only.name);
    if (value === undefined) return placeholderText(only);
    const mailboxes = parseAddressList(onOneLine(value).trim()) ?? [];
    if (mailboxes.length === 1 && mailboxes[0] !== undefined) return formatMailbox(mailboxes[0]);
    return fallback === undefined ? undefined : formatMailbox({ name: onOneLine(value).trim(), address: fallback });
  }
  const displayName = fillPlaceholders(name, lookup, onOneLine).trim();
  const isTheirs = [...name, ...address].some((piece) => typeof piece !== 'string');
  const filled = fillAddress(address, lookup) ?? (isTheirs ? fallback : undefined);
  return filled === undefined ? undefined : formatMailbox({ name: displayName, address: filled });
}

/** Undefined when the values make no address of it, or one at another domain than the one that is written. */
function fillAddress(template: TextTemplate, lookup: Lookup): string | undefined {
  const address = parseAddress(fillPlaceholders(template, lookup, onOneLine));
  const last = template.at(-1);
  if (address === undefined || typeof last !== 'string') return address;
  const at = last.lastIndexOf('@');
  return at < 0 || parseDomain(last.slice(at + 1)) === domainOf(address) ? address : undefined;
}
