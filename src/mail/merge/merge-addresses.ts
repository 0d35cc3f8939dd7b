/**
 * Address fields with placeholders. First the list is split with its placeholders in it, then each element is filled. A value can be text of a
 * display name, part of one address, or the one mailbox of its element. So no value can add an address. A list that can be read in two ways stays as
 * it is.
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
 * Makes the field of each recipient. An element is left out if its values give no address. If no element remains, the whole field is left out, but
 * From and Sender then stay as written. Undefined if the field is not changed for anybody.
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

/**
 * True if the list has the same addresses with and without regard to placeholders. Authors were checked without regard to them, so the name of a
 * placeholder must not hide or reveal an address.
 */
function readsAlike(value: string, elements: readonly Element[]): boolean {
  const judged = parseAddressList(value)?.map((mailbox) => mailbox.address);
  const read = elements.map(({ address }) =>
    parseAddress(address.map((piece) => (typeof piece === 'string' ? piece : placeholderText(piece))).join('')),
  );
  return judged !== undefined && judged.length === read.length && judged.every((address, index) => address === read[index]);
}

/**
 * The name of a placeholder may hold separators of address lists (`%recipient.h:Reply-To%`). So each placeholder is replaced by a plain word while
 * the list is split.
 */
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

/** A word that does not occur in the text: one character longer than the longest similar word in it. */
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

/** Undefined if the filled text is not an address, or if it has another domain than the one that is written in the message. */
function fillAddress(template: TextTemplate, lookup: Lookup): string | undefined {
  const address = parseAddress(fillPlaceholders(template, lookup, onOneLine));
  const last = template.at(-1);
  if (address === undefined || typeof last !== 'string') return address;
  const at = last.lastIndexOf('@');
  return at < 0 || parseDomain(last.slice(at + 1)) === domainOf(address) ? address : undefined;
}
