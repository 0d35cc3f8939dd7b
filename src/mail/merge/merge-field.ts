/** Header fields with placeholders: decoded, filled for a recipient, and encoded again. No value can start a field or add an address. */
import { Refusal } from '#core';
import { decodeHeaderText, encodePhrase } from '../head/encoded-words.js';
import type { HeadField } from '../head/head-fields.js';
import { isAddressField, makeField } from '../head/make-field.js';
import { messageLimits } from '../message-limits.js';
import { type FillSize, filledSize, sizeOfTemplate } from './fill-size.js';
import { compileAddresses } from './merge-addresses.js';
import { type FieldMaker, type MadeField, type MergeRecipient, makeLookup } from './merge-recipient.js';
import { fillPlaceholders, hasPlaceholder, type Lookup, onOneLine, parseTemplate, type TextTemplate } from './placeholders.js';

/** Fields that describe the message or its way, which are never changed. The whole batch has one Message-ID, because events refer to it. */
const FIXED =
  /^(?:received|return-path|dkim-signature|domainkey-signature|arc-.*|authentication-results|message-id|date|mime-version|content-.*)$/;
const SIGN = Buffer.from('%recipient');
const ENCODED_WORD = Buffer.from('=?');

/** Undefined if the field is the same for everybody. */
export function compileField(field: HeadField): MadeField | undefined {
  const { name, lowerName, raw } = field;
  if (name === '' || FIXED.test(lowerName) || !(raw.includes(SIGN) || raw.includes(ENCODED_WORD))) return undefined;
  const text = decodeHeaderText(field.value);
  if (!hasPlaceholder(text) || !canBeMade(name)) return undefined;
  const template = parseTemplate(text);
  const make = isAddressField(lowerName) ? compileAddresses(field) : compileText(name, lowerName, template);
  const size = sizeOfTemplate(template);
  return make && { make: (recipient) => (fits(size, recipient) ? make(recipient) : field), size };
}

/**
 * False if the filled field would be too large. Then the field stays unfilled. This matters only where single fields are read, because a whole
 * message with such a field was refused before.
 */
function fits(size: FillSize, recipient: MergeRecipient): boolean {
  return filledSize(size, [...size.counts.keys()], makeLookup(recipient)) <= messageLimits.head;
}

function compileText(name: string, lowerName: string, template: TextTemplate): FieldMaker {
  if (lowerName === 'x-mailgun-variables')
    return (recipient) => makeField(name, fillPlaceholders(template, makeLookup(recipient), asJsonText));
  if (lowerName.startsWith('list-')) return (recipient) => makeField(name, fillList(template, makeLookup(recipient)));
  return (recipient) => makeField(name, fillText(template, makeLookup(recipient)));
}

/** False if the name cannot be written by `makeField`. Such a field stays as it is. */
function canBeMade(name: string): boolean {
  try {
    return makeField(name, '').name === name;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** A value that looks like an encoded word is encoded, so that readers see it as it is and do not decode it. */
function fillText(template: TextTemplate, lookup: Lookup): string {
  const text = fillPlaceholders(template, lookup, onOneLine);
  return text.includes('=?') ? encodePhrase(text) : text;
}

/** The value for use inside the quotes of a JSON text, in ASCII. */
function asJsonText(value: string): string {
  const json = JSON.stringify(value).slice(1, -1);
  return json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** `<https://x.example/%recipient.id%>, …` (RFC 2369). A value inside the angle brackets cannot end them. */
function fillList(template: TextTemplate, lookup: Lookup): string {
  let isInside = false;
  const pieces = template.map((piece) => {
    const text = fillPlaceholders([piece], lookup, (value) =>
      isInside ? onOneLine(value).replace(/[<>"\s]/g, encodeURIComponent) : onOneLine(value),
    );
    const [opens, closes] = [text.lastIndexOf('<'), text.lastIndexOf('>')];
    if (opens !== closes) isInside = opens > closes;
    return text;
  });
  return pieces.join('');
}
