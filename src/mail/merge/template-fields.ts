/**
 * Header fields of a stored template in a batch. They are rendered for each recipient, with the recipient's values in the template's variables and
 * in the result.
 */
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

/** A field's name and the template source of its value. */
export interface TemplateHeader {
  name: string;
  source: string;
}

/**
 * Makes the field of one recipient; undefined means that their message does not have it. `made` is the field in the stored head, made without any
 * recipient's values. Throws TemplateError if the recipient's values make the template do too much.
 */
export type TemplateFieldMaker = (recipient: MergeRecipient, made: HeadField | undefined) => HeadField | undefined;

/** The makers by field name in lower case. Throws TemplateError for a source that cannot be read. */
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
  // A value that looks like an encoded word is encoded, so that readers see it as it is and do not decode it.
  return makeField(name, text.includes('=?') && !isAddressField(name.toLowerCase()) ? encodePhrase(text) : text);
}

/** Only the domains in the stored From were checked. So values may choose among these domains; with any other domain the stored field is used. */
function makeAuthor(name: string, text: string, recipient: MergeRecipient, made: HeadField | undefined): HeadField | undefined {
  const domains = new Set(addressesIn(made?.value ?? '').map(domainOf));
  const authors = addressesIn(text);
  if (authors.length > 0 && authors.every((address) => domains.has(domainOf(address)))) return makeField(name, text);
  return made && (compileField(made)?.make(recipient) ?? made);
}

const addressesIn = (text: string): Address[] => parseAddressList(text)?.map(({ address }) => address) ?? [];
