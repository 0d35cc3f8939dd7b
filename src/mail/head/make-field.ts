/** Makes one header field from a name and a text: in ASCII, folded, and with no way to start another field. */
import { badRequest, cleanText } from '#core';
import { formatAddressList, parseAddressList } from './address-list.js';
import { encodeParameters, encodePhrase, encodeText, isPlainText, wellFormed } from './encoded-words.js';
import { foldLongFields, type HeadField, RawField, trimBlanks } from './head-fields.js';

const NAME = /^[\x21-\x39\x3b-\x7e]+$/;
const MAX_NAME = 127;
const FOLD_AT = 76;
const ADDRESS_FIELDS = new Set([
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'bcc',
  'resent-from',
  'resent-sender',
  'resent-to',
  'resent-cc',
  'disposition-notification-to',
  'return-receipt-to',
  'errors-to',
]);
export const isAddressField = (lowerName: string): boolean => ADDRESS_FIELDS.has(lowerName);

const PARAMETER_FIELDS = new Set(['content-type', 'content-disposition']);

/**
 * Throws Refusal (HTTP 400, SMTP 550) naming the header when the name is not printable ASCII or the value holds CR, LF or NUL. A value beyond ASCII
 * is encoded as its field allows: as encoded words (RFC 2047), in address fields only the display names, as RFC 2231 parameters, or percent-encoded
 * in List-* fields. An address list that can be read is written so that all readers see the same addresses: names are quoted, and groups are
 * replaced by their members. The field is folded at 76 columns where there is white space.
 */
export function makeField(name: string, value: string): HeadField {
  checkFieldName(name);
  checkFieldValue(name, value);
  const lowerName = name.toLowerCase();
  const trimmed = ADDRESS_FIELDS.has(lowerName) ? plainAddresses(trimBlanks(value)) : trimBlanks(value);
  if (name.length + trimmed.length <= FOLD_AT - 2 && isPlainText(trimmed)) {
    return { name, lowerName, raw: Buffer.from(`${name}: ${trimmed}\r\n`, 'latin1'), value: trimmed };
  }
  const text = foldText(`${name}: ${encodeValue(lowerName, trimmed)}`);
  const field = new RawField(Buffer.from(`${text}\r\n`, 'utf8'));
  return foldLongFields([field])[0] ?? field;
}

export function checkFieldName(name: string): void {
  if (!NAME.test(name)) throw badRequest(`Header name must be pure ASCII: ${cleanText(name)}`);
  if (name.length > MAX_NAME) throw badRequest(`Header name is too long: ${name.slice(0, MAX_NAME)}`);
}

/** Refuses text that would end a header line. `name` is what the client calls this text. */
export function checkFieldValue(name: string, value: string): void {
  if (/[\r\n\0]/.test(value)) throw badRequest(`${cleanText(name)} must not contain line breaks or NUL characters`);
}

/** Rewrites an address list so that all readers understand it in the same way. Only local parts that need SMTPUTF8 stay beyond ASCII. */
function plainAddresses(value: string): string {
  const mailboxes = parseAddressList(value) ?? [];
  if (mailboxes.length > 0) return formatAddressList(mailboxes);
  return isPlainText(value) ? value : encodePhrase(value);
}

/** The value in ASCII, for all fields except address fields. */
function encodeValue(lowerName: string, value: string): string {
  if (isPlainText(value) || ADDRESS_FIELDS.has(lowerName)) return value;
  if (PARAMETER_FIELDS.has(lowerName)) return encodeParameters(value);
  if (lowerName === 'list-id') {
    const angle = value.lastIndexOf('<');
    if (angle >= 0 && /^<[\x21-\x7e]*>$/.test(value.slice(angle)))
      return `${encodeText(value.slice(0, angle).trimEnd())} ${value.slice(angle)}`;
  }
  if (lowerName.startsWith('list-')) return wellFormed(value).replace(/[^\t\x20-\x7e]+/g, encodeURIComponent);
  return encodeText(value);
}

/** Breaks lines over 76 columns before white space, so that unfolding gives the same text back. Words are never broken. */
function foldText(text: string): string {
  if (text.length <= FOLD_AT) return text;
  const words = text.split(/(?=[ \t])(?<=[^ \t])/);
  let folded = '';
  let column = 0;
  for (const [index, word] of words.entries()) {
    // The first word is the field name, which must not stand alone on its line.
    if (index > 1 && column + word.length > FOLD_AT) {
      folded += '\r\n';
      column = 0;
    }
    folded += word;
    column += word.length;
  }
  return folded;
}
