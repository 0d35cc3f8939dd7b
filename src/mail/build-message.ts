/** Composes a MIME message from the parts of an API request: 7-bit, CRLF, and no header that the parts did not ask for. */
import { Readable } from 'node:stream';
import MailComposer, { type MailComposerAttachment } from 'nodemailer/lib/mail-composer';
import { badRequest, rfc2822Date } from '#core';
import { formatMailbox, parseAddressList } from './address-list.js';
import { type HeadField, joinHead, parseHead } from './head-fields.js';
import { checkFieldName, checkFieldValue, makeField } from './make-field.js';

export interface AttachedPart {
  /** Cut off after 255 characters. */
  filename: string;
  /** Media type, parameters allowed; anything that is none becomes application/octet-stream. */
  contentType: string;
  content: Uint8Array | Readable;
  /** Shown in the HTML by `cid:` and the file name: its Content-ID is the file name (percent-encoded beyond ASCII). */
  inline: boolean;
}

export interface MessageParts {
  /** Address lists as in a header; several mailboxes are allowed. */
  from: string;
  to: string[];
  cc: string[];
  subject?: string;
  text?: string;
  html?: string;
  /** `amp-html`: goes between text and HTML. */
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

const IGNORED = /^(?:(?:resent-)?bcc|mime-version|content-.*)$/;
/** What is kept of the composer's head, in this order. */
const MIME_FIELDS = ['mime-version', 'content-type', 'content-transfer-encoding', 'content-disposition', 'content-id'];
const ONCE = new Set(['from', 'sender', 'reply-to', 'to', 'cc', 'subject', 'date', 'message-id', 'in-reply-to', 'references']);
/** RFC 2045 token/token; a multipart needs a structure that one file cannot have. */
const MEDIA_TYPE = /^(?!multipart\/)[A-Za-z0-9!#$&^_.+-]+\/[A-Za-z0-9!#$&^_.+-]+(?=\s*(?:;|$))/i;
/** Longer names fit no file system, and no header line. */
const MAX_FILE_NAME = 255;
const MAX_CONTENT_ID = 900;
const MAX_HEAD_SIZE = 64 * 1024;

/**
 * Throws Refusal (HTTP 400) at once, naming the field, for a line break or NUL in any value, a header name beyond
 * ASCII, or an address that is none. The stream fails when an attachment's stream fails. No file or URL is ever opened.
 */
export function buildMessage(parts: MessageParts): Readable {
  const own = composeFields(parts);
  const composer = new MailComposer({
    ...(parts.text === undefined ? {} : { text: wireText(parts.text) }),
    ...(parts.html === undefined ? {} : { html: wireText(parts.html) }),
    ...(parts.amp === undefined ? {} : { amp: wireText(parts.amp) }),
    attachments: parts.attachments.map(composeAttachment),
    // The composer's own head is not used beyond MIME_FIELDS; these two save it work and are dropped.
    messageId: '<part@invalid>',
    date: parts.date,
    boundaryPrefix: '--_mime',
    newline: 'win',
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const composed = composer.compile().createReadStream();
  return Readable.from(withHead(own, composed), { objectMode: false });
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
  const generated = [
    makeField('Date', rfc2822Date(parts.date.getTime())),
    makeField('From', addressField('from', [parts.from])),
    ...(parts.to.length > 0 ? [makeField('To', addressField('to', parts.to))] : []),
    ...(parts.cc.length > 0 ? [makeField('Cc', addressField('cc', parts.cc))] : []),
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

function addressField(parameter: string, lists: string[]): string {
  return lists
    .flatMap((list) => {
      checkFieldValue(parameter, list);
      const mailboxes = parseAddressList(list);
      if (!mailboxes || mailboxes.length === 0) throw notAnAddress(parameter, list);
      return mailboxes.map(formatMailbox);
    })
    .join(', ');
}

function notAnAddress(parameter: string, value: string) {
  checkFieldValue(parameter, value);
  return badRequest(`${parameter} parameter is not a valid address. please check documentation`);
}

function bracketed(messageId: string): string {
  checkFieldValue('Message-Id', messageId);
  return `<${messageId.trim().replace(/^<|>$/g, '')}>`;
}

function composeAttachment(part: AttachedPart): MailComposerAttachment {
  const kind = part.inline ? 'inline' : 'attachment';
  checkFieldValue(`${kind} filename`, part.filename);
  checkFieldValue(`${kind} content type`, part.contentType);
  const { content } = part;
  const filename = [...part.filename].slice(0, MAX_FILE_NAME).join('');
  const cid = part.inline ? contentId(filename) : '';
  return {
    filename: filename === '' ? false : filename,
    contentType: MEDIA_TYPE.test(part.contentType.trim()) ? part.contentType.trim() : 'application/octet-stream',
    contentDisposition: kind,
    content: content instanceof Uint8Array ? Buffer.from(content.buffer, content.byteOffset, content.byteLength) : content,
    ...(cid === '' || cid.length > MAX_CONTENT_ID ? {} : { cid }),
  };
}

/** The characters that a Content-ID cannot hold are percent-encoded, as they are in a `cid:` URL (RFC 2392). */
function contentId(filename: string): string {
  return Buffer.from(filename, 'utf8')
    .toString('utf8')
    .replace(/[^\x20-\x7e]+|[<>"()\\]/g, encodeURIComponent);
}

const wireText = (text: string): string => text.replace(/\r\n|\r|\n/g, '\r\n');

/** Our head, then the composer's MIME fields, then its body. */
async function* withHead(own: HeadField[], composed: Readable): AsyncGenerator<Buffer> {
  let start: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of composed as AsyncIterable<Buffer>) {
    if (start === undefined) {
      yield chunk;
      continue;
    }
    start = Buffer.concat([start, chunk]);
    const end = start.indexOf('\r\n\r\n');
    if (end < 0 && start.length < MAX_HEAD_SIZE) continue;
    if (end < 0) throw new Error('the composed message has no end of its head');
    const given = parseHead(start.subarray(0, end + 2));
    const mime = MIME_FIELDS.flatMap((name) => given.filter((field) => field.lowerName === name));
    yield Buffer.concat([joinHead(own), joinHead(mime), start.subarray(end + 2)]);
    start = undefined;
  }
}
