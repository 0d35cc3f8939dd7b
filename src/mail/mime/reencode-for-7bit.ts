/**
 * Rewrites a message for peers that take no 8-bit bytes or no long lines: encodes the parts that need it, and declares the encodings in their heads.
 */
import { isUtf8 } from 'node:buffer';
import { Refusal } from '#core';
import { decodeCharset } from '../head/decode-charset.js';
import { foldLongFields, type HeadField, joinHead, RawField } from '../head/head-fields.js';
import { makeField } from '../head/make-field.js';
import { setField } from '../head/set-field.js';
import { isIdentity, type MimePart } from './mime-part.js';
import { type MimeSink, makeMimeWalker } from './mime-walker.js';
import { makeSealCheck } from './sealed-content.js';
import {
  makeBase64Encoder,
  makeBase64Rewrapper,
  makeQuotedPrintableDecoder,
  makeQuotedPrintableEncoder,
  type Transcoder,
} from './transfer-encoding.js';
import { CRLF } from './wire-form.js';

const LF = 0x0a;
const MAX_LINE = 998;
/** The encoding of a part is chosen from its first bytes, at most this many, so that memory stays bounded. */
const JUDGED_SIZE = 64 * 1024;
const QUESTION_MARK = 0x3f;
const SOFT_LINE_BREAK = Buffer.from('=\r\n');

export interface ReencodeReasons {
  /** The peer takes no 8-bit bytes (it does not offer RFC 6152). */
  eightBit: boolean;
  /** Lines over 998 octets must be broken up. */
  longLines: boolean;
  /** Encode signed and encrypted parts as well. Only for showing a message, where nobody checks its signature any more. */
  breaksSeals?: boolean;
}

export interface ReencodedMessage {
  head: HeadField[];
  /** Must be read once; memory stays bounded. How the input is cut into chunks does not change the result. */
  body: AsyncIterable<Uint8Array>;
}

/**
 * Re-encodes each leaf that needs it, so that it decodes to the same bytes: text as quoted-printable, other types as base64; base64 is only wrapped
 * again. Attached messages are opened, because they may not be encoded as a whole (RFC 2046 5.2.1). Heads of parts become ASCII. In preambles,
 * epilogues and malformed multiparts, which no program shows, 8-bit bytes become `?`. In the message's own head only Content-Transfer-Encoding
 * changes, and MIME-Version if that is needed.
 * Signed and encrypted parts, with the heads of the parts in them, are passed on unchanged. If they would have to change, SealedContent is thrown.
 * At first the body is read only as far as the head depends on it. Apart from SealedContent, rejects only when reading the body fails.
 */
export async function reencodeFor7Bit(
  head: readonly HeadField[],
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  reasons: ReencodeReasons,
): Promise<ReencodedMessage> {
  if (!reasons.eightBit && !reasons.longLines) return { head: [...head], body: asAsync(body) };
  const sink = new ReencodingSink(reasons);
  const walker = makeMimeWalker(head, sink, { openMessages: true });
  const chunks = (Symbol.asyncIterator in body ? body[Symbol.asyncIterator]() : body[Symbol.iterator]()) as
    | AsyncIterator<Uint8Array>
    | Iterator<Uint8Array>;

  async function step(): Promise<boolean> {
    const next = await chunks.next();
    if (next.done) walker.end();
    else walker.push(next.value);
    return !next.done;
  }
  let more = true;
  while (more && sink.topHead === undefined) more = await step();

  async function* rest(): AsyncGenerator<Uint8Array> {
    try {
      yield* sink.take();
      while (more) {
        more = await step();
        yield* sink.take();
      }
      yield sink.lastLineEnd();
    } finally {
      if (more) await chunks.return?.();
    }
  }
  return { head: sink.topHead ?? [...head], body: rest() };
}

async function* asAsync(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

class ReencodingSink implements MimeSink {
  /** Set once the message's own encoding is decided. */
  topHead: HeadField[] | undefined;
  #endsWithLineEnd = true;
  #lastIsQuotedPrintable = false;
  #out: Uint8Array[] = [];
  #part: MimePart | undefined;
  #held: Uint8Array[] = [];
  #heldSize = 0;
  #coder: Transcoder | undefined;
  #fillerColumn = 0;
  #checked: (bytes: Uint8Array) => Uint8Array;

  constructor(private readonly reasons: ReencodeReasons) {
    this.#checked = makeSealCheck(reasons);
  }

  take(): Uint8Array[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  /** Completes the last line of the body, without adding a line to a part that has no delimiter after it. */
  lastLineEnd(): Uint8Array {
    if (this.#endsWithLineEnd) return Buffer.alloc(0);
    return this.#lastIsQuotedPrintable ? SOFT_LINE_BREAK : CRLF;
  }

  start(part: MimePart): void {
    this.#fillerColumn = 0;
    const isHeadSealed = this.#mayNotChange(part.isSealed);
    if (part.kind === 'leaf' && !isHeadSealed && !this.#mayNotChange(part.seals)) {
      this.#part = part;
      return;
    }
    this.#checked = makeSealCheck(this.reasons);
    if (isHeadSealed) this.#write(this.#checked(Buffer.concat([joinHead(part.fields), part.headEnd])));
    else this.#writeHead(part, relabel(part.fields, part.encoding, this.reasons));
    if (part.kind === 'leaf') this.#passOn();
  }

  #mayNotChange(isSealed: boolean): boolean {
    return isSealed && this.reasons.breaksSeals !== true;
  }

  #passOn(): void {
    this.#checked = makeSealCheck(this.reasons);
    this.#lastIsQuotedPrintable = false;
    this.#coder = { push: (bytes) => this.#checked(bytes), end: () => Buffer.alloc(0) };
  }

  content(bytes: Uint8Array): void {
    if (this.#coder) {
      this.#write(this.#coder.push(bytes));
      return;
    }
    this.#held.push(bytes);
    this.#heldSize += bytes.length;
    if (this.#heldSize > JUDGED_SIZE) this.#decide(true);
  }

  finish(): void {
    if (!this.#coder) this.#decide(false);
    if (this.#coder) this.#write(this.#coder.end());
    this.#coder = undefined;
  }

  delimiter(bytes: Uint8Array): void {
    this.#fillerColumn = 0;
    this.#checked = makeSealCheck(this.reasons);
    this.#write(bytes);
  }

  filler(bytes: Uint8Array, isSealed: boolean): void {
    this.#write(this.#mayNotChange(isSealed) ? this.#checked(bytes) : this.#harmless(bytes));
  }

  /** Chooses the leaf's encoding from the content held so far, then writes its head and that content. */
  #decide(isLarge: boolean): void {
    const part = this.#part;
    const content = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldSize = 0;
    if (!part) return;
    if (!isLarge && !this.#needsEncoding(content)) {
      this.#writeHead(part, relabel(part.fields, part.encoding, this.reasons));
      this.#write(content);
      return;
    }
    const chosen = chooseCoder(part);
    this.#lastIsQuotedPrintable = chosen?.encoding === 'quoted-printable';
    this.#coder = chosen?.coder ?? { push: (bytes) => this.#harmless(bytes), end: () => Buffer.alloc(0) };
    this.#writeHead(part, chosen ? describe(part, chosen.encoding, content) : relabel(part.fields, part.encoding, this.reasons));
    this.#write(this.#coder.push(content));
  }

  #needsEncoding(content: Buffer): boolean {
    return (this.reasons.eightBit && hasEightBit(content)) || (this.reasons.longLines && hasLongLine(content));
  }

  #writeHead(part: MimePart, fields: HeadField[]): void {
    if (part.depth === 0) {
      this.topHead = fields;
      return;
    }
    const ascii = this.reasons.eightBit ? fields.map(asciiField) : fields;
    this.#write(joinHead(this.reasons.longLines ? foldLongFields(ascii) : ascii));
    // The head has no empty line after it, because a delimiter or text came at once. It needs one if the head has changed, or if a message's head
    // follows.
    const isOpen = part.headEnd.length === 0 && (fields !== part.fields || part.kind === 'message');
    this.#write(isOpen ? CRLF : part.headEnd);
  }

  /** For bytes that cannot be encoded: 8-bit bytes become `?`, and long lines are broken. */
  #harmless(bytes: Uint8Array): Uint8Array {
    const out = Buffer.allocUnsafe(bytes.length + 3 * (Math.floor((this.#fillerColumn + bytes.length) / (MAX_LINE - 1)) + 1));
    let to = 0;
    for (const byte of bytes) {
      if (byte === LF) this.#fillerColumn = -1;
      else if (this.reasons.longLines && this.#fillerColumn >= MAX_LINE && byte !== 0x0d) {
        to += out.write('\r\n ', to, 'latin1');
        this.#fillerColumn = 1;
      }
      out[to++] = this.reasons.eightBit && byte > 0x7f ? QUESTION_MARK : byte;
      this.#fillerColumn++;
    }
    return out.subarray(0, to);
  }

  #write(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#endsWithLineEnd = bytes[bytes.length - 1] === LF;
    this.#out.push(bytes);
  }
}

/** Undefined if the content may not be encoded at all. */
function chooseCoder(part: MimePart): { coder: Transcoder; encoding: string } | undefined {
  if (part.encoding === 'base64') return { coder: makeBase64Rewrapper(), encoding: 'base64' };
  if (part.encoding === 'quoted-printable') {
    const decoder = makeQuotedPrintableDecoder();
    const encoder = makeQuotedPrintableEncoder();
    const coder: Transcoder = {
      push: (bytes) => encoder.push(decoder.push(bytes)),
      end: () => Buffer.concat([encoder.push(decoder.end()), encoder.end()]),
    };
    return { coder, encoding: 'quoted-printable' };
  }
  if (/^(?:multipart\/|message\/(?:rfc822|global|news|partial|external-body)$)/.test(part.contentType)) return undefined;
  if (/^(?:text|message)\//.test(part.contentType)) return { coder: makeQuotedPrintableEncoder(), encoding: 'quoted-printable' };
  return { coder: makeBase64Encoder(), encoding: 'base64' };
}

/** The head of a leaf that is encoded again. */
function describe(part: MimePart, encoding: string, content: Buffer): HeadField[] {
  const fields = isIdentity(part) ? setField(part.fields, 'Content-Transfer-Encoding', encoding) : [...part.fields];
  const has = (name: string) => fields.some((field) => field.lowerName === name);
  if (!has('content-type') && part.contentType === 'text/plain' && hasEightBit(content)) {
    fields.push(makeField('Content-Type', `text/plain; charset=${looksLikeUtf8(content) ? 'utf-8' : 'unknown-8bit'}`));
  }
  if (part.depth === 0 && !has('mime-version')) fields.push(makeField('MIME-Version', '1.0'));
  return fields;
}

/** Declares a smaller encoding if the old one allows more than the content may now hold. Gives `fields` itself if nothing changes. */
function relabel(fields: readonly HeadField[], encoding: string, reasons: ReencodeReasons): HeadField[] {
  if (encoding === 'binary' || (encoding === '8bit' && reasons.eightBit)) {
    return setField(fields, 'Content-Transfer-Encoding', reasons.eightBit ? '7bit' : '8bit');
  }
  return fields as HeadField[];
}

/** A field of a part's head in ASCII. Bytes that are not UTF-8 are read as the most common 8-bit charset. */
function asciiField(field: HeadField): HeadField {
  if (!hasEightBit(field.raw)) return field;
  try {
    const readable = isUtf8(field.raw) ? field : new RawField(Buffer.from(decodeCharset('windows-1252', field.raw), 'utf8'));
    const made = makeField(readable.name, readable.value);
    if (!hasEightBit(made.raw)) return made;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  // For example an address beyond ASCII or an invalid media type: there is no other way to write them in ASCII.
  return new RawField(Buffer.from(field.raw.map((byte) => (byte > 0x7f ? QUESTION_MARK : byte))));
}

function hasEightBit(bytes: Uint8Array): boolean {
  let bits = 0;
  for (let index = 0; index < bytes.length; index++) bits |= bytes[index] as number;
  return bits > 0x7f;
}

function hasLongLine(bytes: Buffer): boolean {
  for (let start = 0; start < bytes.length; ) {
    const lineFeed = bytes.indexOf(LF, start);
    const end = lineFeed < 0 ? bytes.length : bytes[lineFeed - 1] === 0x0d ? lineFeed - 1 : lineFeed;
    if (end - start > MAX_LINE) return true;
    if (lineFeed < 0) return false;
    start = lineFeed + 1;
  }
  return false;
}

/** Looks at the first bytes only, up to the last whole line, so that no character is cut in two. */
function looksLikeUtf8(content: Buffer): boolean {
  const judged = content.subarray(0, JUDGED_SIZE);
  const end = judged.length < JUDGED_SIZE ? judged.length : Math.max(0, judged.lastIndexOf(LF)) || JUDGED_SIZE - 4;
  return isUtf8(judged.subarray(0, end));
}
