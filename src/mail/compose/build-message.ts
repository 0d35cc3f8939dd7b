/** Composes a MIME message from the parts of an API request: CRLF, short lines, and no header that the parts did not ask for. */
import { badRequest, type LooseDots, randomToken, rfc2822Date } from '#core';
import { formatAddressList, formatMailbox, type ParsedMailbox, parseAddressList } from '../head/address-list.js';
import { type HeadField, RawField } from '../head/head-fields.js';
import { checkFieldName, checkFieldValue, makeField } from '../head/make-field.js';
import { type AttachedPart, type ComposedPart, composeAttachment, composeMultipart, composeText, type Piece } from './compose-part.js';

export interface MessageParts {
  /**
   * Address lists as in a header; several mailboxes are allowed. Undefined if the caller adds the field later, because only then is the author
   * known.
   */
  from: string | undefined;
  to: string[];
  cc: string[];
  /** Which loose dots are allowed in the addresses of to and cc. */
  looseDots?: LooseDots | undefined;
  subject?: string;
  text?: string;
  html?: string;
  /** `amp-html`: placed between text and HTML. */
  amp?: string;
  /**
   * The `h:` fields. From, To, Cc, Subject, Date and Message-ID replace the generated field; a field that may stand only
   * once takes the last value given; Bcc, Resent-Bcc, MIME-Version and Content-* are ignored, because the message's
   * structure and envelope decide them.
   */
  headers: { name: string; value: string }[];
  attachments: AttachedPart[];
  /** With or without angle brackets. */
  messageId: string;
  date: Date;
}

/** A message that was composed here. Nothing is left to find out about its head, and its body is in wire form. */
export interface ComposedMessage {
  /** The whole head, in order. */
  fields: HeadField[];
  /** One array if no attachment is a stream, otherwise pieces. No piece ends between CR and LF. */
  body: Uint8Array | AsyncIterable<Uint8Array>;
}

const IGNORED = /^(?:(?:resent-)?bcc|mime-version|content-.*)$/;
const ONCE = new Set(['from', 'sender', 'reply-to', 'to', 'cc', 'subject', 'date', 'message-id', 'in-reply-to', 'references']);

/**
 * Throws Refusal (HTTP 400) at once, naming the field, for a line break or NUL in any value, a header name beyond ASCII, or an invalid address. The
 * message is 7-bit except for attached messages and for addresses that need SMTPUTF8. Reading the body fails when an attachment's stream fails.
 */
export function buildMessage(parts: MessageParts): ComposedMessage {
  const own = composeFields(parts);
  const { fields, content } = composeContent(parts);
  const mime = ['MIME-Version: 1.0', ...fields].map((field) => new RawField(Buffer.from(`${field}\r\n`, 'latin1')));
  return { fields: [...own, ...mime], body: content.every(isBytes) ? joinLines(content) : inPieces(content) };
}

/** multipart/mixed around multipart/alternative around multipart/related. A multipart that would have only one part is left out. */
function composeContent(parts: MessageParts): ComposedPart {
  const inlineParts = parts.attachments.filter((attachment) => attachment.inline);
  const attached = parts.attachments.filter((attachment) => !attachment.inline);
  const bodies: ComposedPart[] = [];
  if (parts.text !== undefined) bodies.push(composeText('text/plain', parts.text));
  if (parts.amp !== undefined) bodies.push(composeText('text/x-amp-html', parts.amp));
  if (parts.html !== undefined) {
    const html = composeText('text/html', parts.html);
    const shown = inlineParts.splice(0).map(composeAttachment);
    bodies.push(shown.length === 0 ? html : composeMultipart('related', makeBoundary(), [html, ...shown], 'type="text/html"'));
  }
  if (bodies.length === 0) bodies.push(composeText('text/plain', ''));
  const [only] = bodies;
  const shown = only !== undefined && bodies.length === 1 ? only : composeMultipart('alternative', makeBoundary(), bodies);
  // Without HTML nothing refers to the inline files, so they follow the text like all other attachments.
  const files = [...inlineParts, ...attached].map(composeAttachment);
  return files.length === 0 ? shown : composeMultipart('mixed', makeBoundary(), [shown, ...files]);
}

const makeBoundary = (): string => `=_${randomToken(24)}`;

const isBytes = (piece: Piece): piece is Uint8Array => piece instanceof Uint8Array;

const CRLF = Buffer.from('\r\n');

/** Adds a line end to the last line if it has none. */
function joinLines(content: Uint8Array[]): Uint8Array {
  const last = content.at(-1);
  const isOpen = last !== undefined && last.length > 0 && last[last.length - 1] !== 0x0a;
  if (isOpen) return Buffer.concat([...content, CRLF]);
  return content.length === 1 && last !== undefined ? last : Buffer.concat(content);
}

/** Gives the pieces one by one, and adds a line end to the last line if it has none. */
async function* inPieces(content: Piece[]): AsyncGenerator<Uint8Array> {
  let last: number | undefined;
  for (const part of content) {
    for await (const piece of isBytes(part) ? [part] : part) {
      if (piece.length > 0) last = piece[piece.length - 1];
      yield piece;
    }
  }
  if (last !== undefined && last !== 0x0a) yield CRLF;
}

function composeFields(parts: MessageParts): HeadField[] {
  const custom = new Map<string, HeadField[]>();
  for (const { name, value } of parts.headers) {
    checkFieldName(name);
    const lowerName = name.toLowerCase();
    if ((lowerName === 'from' || lowerName === 'sender') && !parseAddressList(value)?.length) throw notAnAddress(`h:${name}`, value);
    const field = makeField(name, value);
    if (IGNORED.test(lowerName)) continue;
    const earlier = ONCE.has(lowerName) ? undefined : custom.get(lowerName);
    if (earlier) earlier.push(field);
    else custom.set(lowerName, [field]);
  }
  const authors = readMailboxes('from', parts.from === undefined ? [] : [parts.from]);
  const [speaker] = authors;
  const generated = [
    makeField('Date', rfc2822Date(parts.date.getTime())),
    ...(authors.length > 0 ? [makeField('From', formatAddressList(authors))] : []),
    // A message with several authors needs a Sender (RFC 5322 3.6.2). It is the first author, unless `h:Sender` names another.
    ...(authors.length > 1 && speaker && !custom.has('from') ? [makeField('Sender', formatMailbox(speaker))] : []),
    ...(parts.to.length > 0 ? [makeField('To', formatAddressList(readMailboxes('to', parts.to, parts.looseDots)))] : []),
    ...(parts.cc.length > 0 ? [makeField('Cc', formatAddressList(readMailboxes('cc', parts.cc, parts.looseDots)))] : []),
    ...(parts.subject === undefined ? [] : [makeSubject(parts.subject)]),
    makeField('Message-ID', bracketed(parts.messageId)),
  ];
  const fields: HeadField[] = [];
  for (const field of generated) {
    fields.push(...(custom.get(field.lowerName) ?? [field]));
    custom.delete(field.lowerName);
  }
  for (const others of custom.values()) fields.push(...others);
  return fields;
}

function makeSubject(subject: string): HeadField {
  checkFieldValue('subject', subject);
  return makeField('Subject', subject);
}

function readMailboxes(parameter: string, lists: string[], looseDots?: LooseDots): ParsedMailbox[] {
  return lists.flatMap((list) => {
    checkFieldValue(parameter, list);
    const mailboxes = parseAddressList(list, looseDots);
    if (!mailboxes || mailboxes.length === 0) throw notAnAddress(parameter, list);
    return mailboxes;
  });
}

function notAnAddress(parameter: string, value: string) {
  checkFieldValue(parameter, value);
  return badRequest(`${parameter} parameter is not a valid address. please check documentation`);
}

function bracketed(messageId: string): string {
  checkFieldValue('Message-Id', messageId);
  return `<${messageId.trim().replace(/^<|>$/g, '')}>`;
}
