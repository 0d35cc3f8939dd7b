/**
 * One MIME part of a message that is composed here: its fields, and its content. The content is bytes, or bounded pieces if it comes from a stream.
 */
import { isUtf8 } from 'node:buffer';
import { checkFieldValue } from '../head/make-field.js';
import { makeBase64Encoder } from '../mime/transfer-encoding.js';
import { makeWireForm } from '../mime/wire-form.js';
import { attachmentType, type MediaType, OCTETS } from './attachment-type.js';
import { type EncodedContent, encodeBase64, encodeMessageContent, encodeTextContent } from './encode-content.js';
import { formatFallbackParameter, formatParameter } from './format-parameter.js';

export type Piece = Uint8Array | AsyncIterable<Uint8Array>;

export interface ComposedPart {
  /** MIME fields in ASCII, folded, each without its last CRLF. */
  fields: string[];
  /** The part may hold octets over 127, so the part around it must be declared 8bit too (RFC 2045 6.4). */
  eightBit: boolean;
  /** What follows the head and its empty line. */
  content: Piece[];
}

export interface AttachedPart {
  /** Longer names are cut after 255 characters. */
  filename: string;
  /** Media type, parameters allowed. If it is missing, malformed or too general, the file name decides (see `attachmentType`). */
  contentType: string;
  /** A stream is read once, when the message is read. */
  content: Uint8Array | AsyncIterable<Uint8Array>;
  /** The HTML shows the part by `cid:` and the file name. The Content-ID is the file name, percent-encoded beyond ASCII. */
  inline: boolean;
}

/** Longer names fit into no file system and into no header line. */
const MAX_FILE_NAME = 255;
const MAX_CONTENT_ID = 900;

/** The media type is one of our own three. */
export function composeText(mediaType: 'text/plain' | 'text/html' | 'text/x-amp-html', text: string): ComposedPart {
  const { encoding, content } = encodeTextContent(text);
  return {
    fields: [`Content-Type: ${mediaType}; charset=utf-8`, `Content-Transfer-Encoding: ${encoding}`],
    eightBit: false,
    content: [content],
  };
}

/**
 * Throws Refusal 400 for a line break or NUL in a name or type. Content is encoded as base64, so that every byte arrives unchanged; an attached
 * message is not encoded.
 */
export function composeAttachment(part: AttachedPart): ComposedPart {
  const kind = part.inline ? 'inline' : 'attachment';
  checkFieldValue(`${kind} filename`, part.filename);
  checkFieldValue(`${kind} content type`, part.contentType);
  const filename = [...part.filename].slice(0, MAX_FILE_NAME).join('');
  const { content } = part;
  const wanted = attachmentType(part.contentType, filename);
  const message = wanted.type === 'message/rfc822' ? composeMessage(content) : undefined;
  const type = wanted.type === 'message/rfc822' && message === undefined ? OCTETS : wanted.type;
  const body = message ?? { encoding: 'base64', content: base64Of(content) };
  const cid = part.inline ? contentId(filename) : '';
  return {
    fields: [
      ['Content-Type: '.concat(type), ...parametersOf(wanted, content), ...nameParameter(filename)].join(';\r\n '),
      `Content-Transfer-Encoding: ${body.encoding}`,
      ...(cid === '' || cid.length > MAX_CONTENT_ID ? [] : [`Content-ID: <${cid}>`]),
      [`Content-Disposition: ${kind}`, ...(filename === '' ? [] : [formatParameter('filename', filename)])].join(';\r\n '),
    ].map(unfoldShort),
    eightBit: body.encoding === '8bit',
    content: [body.content],
  };
}

/** A multipart of `children`. None of them can contain the boundary: nobody can guess it, and no encoded part contains `=_`. */
export function composeMultipart(subtype: string, boundary: string, children: readonly ComposedPart[], parameter?: string): ComposedPart {
  const eightBit = children.some((child) => child.eightBit);
  const content: Piece[] = [];
  for (const [index, child] of children.entries()) {
    content.push(
      Buffer.from(`${index === 0 ? '' : '\r\n'}--${boundary}\r\n${child.fields.join('\r\n')}\r\n\r\n`, 'latin1'),
      ...child.content,
    );
  }
  content.push(Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1'));
  return {
    fields: [
      `Content-Type: multipart/${subtype};${parameter === undefined ? '' : ` ${parameter};`}\r\n boundary="${boundary}"`,
      ...(eightBit ? ['Content-Transfer-Encoding: 8bit'] : []),
    ],
    eightBit,
    content,
  };
}

/** The parameters given. A text without a charset gets `charset=utf-8` if its bytes are valid UTF-8. */
function parametersOf({ type, parameters }: MediaType, content: AttachedPart['content']): string[] {
  const isText = type.startsWith('text/') && !parameters.some(([name]) => name === 'charset');
  const charset = isText && content instanceof Uint8Array && isUtf8(content) ? ['charset=utf-8'] : [];
  return [...charset, ...parameters.map(([name, value]) => formatParameter(name, value))];
}

const nameParameter = (filename: string): string[] => (filename === '' ? [] : [formatFallbackParameter('name', filename)]);

const MAX_LINE = 76;

/** Removes the folding of a field that fits on one line. */
function unfoldShort(field: string): string {
  const flat = field.replaceAll('\r\n ', ' ');
  return flat.length <= MAX_LINE ? flat : field;
}

/** A stream is always declared 8bit, because the head is written before the stream is read. Undefined if the content is not a message. */
function composeMessage(content: AttachedPart['content']): { encoding: EncodedContent['encoding']; content: Piece } | undefined {
  if (content instanceof Uint8Array) return encodeMessageContent(content);
  return { encoding: '8bit', content: inWireForm(content) };
}

function base64Of(content: AttachedPart['content']): Piece {
  return content instanceof Uint8Array ? encodeBase64(content) : streamBase64(content);
}

async function* streamBase64(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const encoder = makeBase64Encoder();
  for await (const chunk of content) yield encoder.push(chunk);
  yield encoder.end();
}

async function* inWireForm(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const wire = makeWireForm();
  for await (const chunk of content) yield* wire.push(chunk);
  yield* wire.end();
}

/** Characters that a Content-ID cannot hold are percent-encoded, as in a `cid:` URL (RFC 2392). */
function contentId(filename: string): string {
  return Buffer.from(filename, 'utf8')
    .toString('utf8')
    .replace(/[^\x20-\x7e]+|[<>"()\\]/g, encodeURIComponent);
}
