/** Header fields of a stored template in a batch: rendered for each recipient, with their values in the template's variables and in what it gives. */
import { type Address, domainOf } from '#core';
import { parseAddressList } from '../head/address-list.js';
import { encodePhrase } from '../head/encoded-words.js';
import type { HeadField } from '../head/head-fields.js';
import { isAddressField, makeField } from '../head/make-field.js';
import { compileTemplate } from '../template/compile-template.js';
import { compileField } from './merge-field.js';
import type { MergeRecipient } from './merge-recipient.js';
import { onOneLine } from './placeholders.js';
import { renderForRecipient } from './render-for-recipient.js';

/** A field's name, and the source of its text. */
export interface TemplateHeader {
  name: string;
  source: string;
}

/**
 * The field of one recipient; undefined: their message goes without it. `made` is the field as the head has it, made without anybody's values.
 * Throws TemplateError when the template does too much with this recipient's.
 */
export type TemplateFieldMaker = (recipient: MergeRecipient, made: HeadField | undefined) => HeadField | undefined;

/** By name in lower case. Throws TemplateError for a source that cannot be read. */
export function templateFields(
  headers: readonly TemplateHeader[],
  variables: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, TemplateFieldMaker> {
  return new Map(
    headers.map(({ name, source }) => {
      const template = compileTemplate(source, 'text');
      const make = name.toLowerCase() === 'from' ? makeAuthor : makeOther;
      const render = (recipient: MergeRecipient) => onOneLine(renderForRecipient(template, variables, recipient)).trim();
      return [name.toLowerCase(), (recipient, made) => make(name, render(recipient), recipient, made)];
    }),
  );
}

function makeOther(name: string, text: string): HeadField | undefined {
  if (text === '' || (isAddressField(name.toLowerCase()) && !parseAddressList(text)?.length)) return undefined;
  // A value that looks like an encoded word is what it looks like, not what it would decode to.
  return makeField(name, text.includes('=?') && !isAddressField(name.toLowerCase()) ? encodePhrase(text) : text);
}

/** Who may be named as author was judged by the field in the head: values choose among its domains, and otherwise it stays. */
function makeAuthor(name: string, text: string, recipient: MergeRecipient, made: HeadField | undefined): HeadField | undefined {
  const domains = new Set(addressesIn(made?.value ?? '').map(domainOf));
  const authors = addressesIn(text);
  if (authors.length > 0 && authors.every((address) => domains.has(domainOf(address)))) return makeField(name, text);
  return made && (compileField(made)?.make(recipient) ?? made);
}

const addressesIn = (text: string): Address[] => parseAddressList(text)?.map(({ address }) => address) ?? [];
