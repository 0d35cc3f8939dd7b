/**
 * Puts the texts that a template made into a message. The new HTML text replaces the message's HTML text, or is added to its plain text. Everything
 * else (attachments, inline files, their structure) stays as it is. The body is read twice, and no more than one text is held in memory.
 */
import { badRequest, randomToken } from '#core';
import { type HeadField, joinHead, RawField } from '../head/head-fields.js';
import { makeField } from '../head/make-field.js';
import { type BodyPatch, patchStream } from '../mime/body-patch.js';
import { leafRoleOf } from '../mime/leaf-role.js';
import type { MimePart } from '../mime/mime-part.js';
import { type MimeSink, makeMimeWalker } from '../mime/mime-walker.js';
import { textOfPart } from '../mime/part-text.js';
import type { ComposedMessage } from './build-message.js';
import { type ComposedPart, composeMultipart, composeText } from './compose-part.js';

/** Largest size of a message's own plain text, bytes as it stands in the message. */
const MAX_OWN_TEXT = 1024 * 1024;

export interface NewTexts {
  html: string;
  /** The plain text for a message that has none of its own. Undefined: the message gets no plain text. */
  text: string | undefined;
}

export interface ReplacedTexts {
  message: ComposedMessage;
  /** True if the given plain text was used. */
  isTextTaken: boolean;
}

/** `body` opens the body in wire form, each time from its beginning. Throws Refusal 400 if the message's own plain text is over 1 MB. */
export async function replaceTexts(
  head: readonly HeadField[],
  body: () => AsyncIterable<Uint8Array>,
  texts: NewTexts,
): Promise<ReplacedTexts> {
  const found = await findTexts(head, body());
  const own = found.plain?.text.trim() === '' ? undefined : found.plain?.text;
  const text = own ?? texts.text;
  const isTextTaken = own === undefined && texts.text !== undefined;
  const html = composeText('text/html', texts.html);
  const plain = text === undefined ? undefined : composeText('text/plain', text);
  const both = plain === undefined ? html : composeMultipart('alternative', makeBoundary(), [plain, html]);

  const message = placeTexts(head, body, found, { html, plain, both });
  return { message, isTextTaken };
}

interface FoundText {
  depth: number;
  /** Where the part begins within the body, its head included. */
  start: number;
  end: number;
  text: string;
}

interface NewParts {
  html: ComposedPart;
  plain: ComposedPart | undefined;
  /** Plain text and HTML as alternatives, or only the HTML. */
  both: ComposedPart;
}

function placeTexts(head: readonly HeadField[], body: () => AsyncIterable<Uint8Array>, found: Found, parts: NewParts): ComposedMessage {
  const whole = [found.html, found.plain].find((text) => text?.depth === 0);
  if (whole !== undefined) return { fields: describe(head, parts.both), body: bytesOf(parts.both) };
  if (found.html === undefined && found.plain === undefined) return putBefore(head, body, parts.both);
  const patches: BodyPatch[] = [];
  const place = ({ start, end }: FoundText, part: ComposedPart) => patches.push({ start, end, bytes: [partBytes(part)] });
  if (found.html !== undefined) place(found.html, found.plain === undefined ? parts.both : parts.html);
  if (found.plain !== undefined && found.html === undefined) place(found.plain, parts.both);
  if (found.plain !== undefined && found.html !== undefined && parts.plain !== undefined) place(found.plain, parts.plain);
  patches.sort((left, right) => left.start - right.start);
  return { fields: [...head], body: patchStream(body(), patches) };
}

/** For a message that has no texts, only one file or several: the texts become the first part of a new multipart, and the old content the second. */
function putBefore(head: readonly HeadField[], body: () => AsyncIterable<Uint8Array>, part: ComposedPart): ComposedMessage {
  const boundary = makeBoundary();
  const type = `Content-Type: multipart/mixed;\r\n boundary="${boundary}"`;
  const before = [`--${boundary}\r\n`, partBytes(part), `\r\n--${boundary}\r\n`, joinHead(head.filter(isContentField)), '\r\n'];
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield Buffer.concat(before.map((piece) => (typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)));
    yield* body();
    yield Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1');
  }
  const eightBit = head.some((field) => field.lowerName === 'content-transfer-encoding' && /8bit/i.test(field.value));
  return { fields: describe(head, { fields: [type], eightBit, content: [] }), body: pieces() };
}

const makeBoundary = (): string => `=_${randomToken(24)}`;

const isContentField = (field: HeadField): boolean => field.lowerName.startsWith('content-');

/** The head, with its MIME fields replaced by those of the new content. */
function describe(head: readonly HeadField[], part: ComposedPart): HeadField[] {
  const others = head.filter((field) => !isContentField(field));
  const version = others.some((field) => field.lowerName === 'mime-version') ? [] : [makeField('MIME-Version', '1.0')];
  const encoding = part.eightBit && !part.fields.some((field) => /^content-transfer-encoding:/i.test(field));
  const fields = [...part.fields, ...(encoding ? ['Content-Transfer-Encoding: 8bit'] : [])];
  return [...others, ...version, ...fields.map((field) => new RawField(Buffer.from(`${field}\r\n`, 'latin1')))];
}

/** Composed texts are bytes, never streams, so nothing is lost here. */
const contentOf = (part: ComposedPart): Uint8Array[] => part.content.filter((piece) => piece instanceof Uint8Array);

const partBytes = (part: ComposedPart): Uint8Array =>
  Buffer.concat([Buffer.from(`${part.fields.join('\r\n')}\r\n\r\n`, 'latin1'), ...contentOf(part)]);

function bytesOf(part: ComposedPart): Uint8Array {
  const bytes = Buffer.concat(contentOf(part));
  return bytes.length > 0 && bytes.at(-1) !== 0x0a ? Buffer.concat([bytes, Buffer.from('\r\n')]) : bytes;
}

interface Found {
  html: FoundText | undefined;
  plain: FoundText | undefined;
}

async function findTexts(head: readonly HeadField[], body: AsyncIterable<Uint8Array>): Promise<Found> {
  const sink = new TextSink();
  const walker = makeMimeWalker(head, sink, { openMessages: false });
  for await (const chunk of body) walker.push(chunk);
  walker.end();
  return sink;
}

/** Finds the first HTML text and the first plain text. */
class TextSink implements MimeSink, Found {
  html: FoundText | undefined;
  plain: FoundText | undefined;
  #position = 0;
  #open: { part: MimePart; start: number; role: 'html' | 'plain' } | undefined;
  #held: Uint8Array[] = [];
  #heldSize = 0;

  start(part: MimePart): void {
    const start = this.#position;
    if (part.depth > 0) this.#position += part.headEnd.byteLength + part.fields.reduce((sum, field) => sum + field.raw.byteLength, 0);
    const role = part.kind === 'leaf' ? leafRoleOf(part) : undefined;
    const name = role?.kind === 'text' ? role.name : '';
    const isNew = (name === 'html' && this.html === undefined) || (name === 'plain' && this.plain === undefined);
    if (isNew && part.isSealed) throw badRequest('A template cannot replace the text of a signed or encrypted part', 554, '5.6.2');
    this.#open = isNew ? { part, start, role: name as 'html' | 'plain' } : undefined;
    this.#held = [];
    this.#heldSize = 0;
  }

  content(bytes: Uint8Array): void {
    this.#position += bytes.byteLength;
    if (this.#open?.role !== 'plain') return;
    this.#heldSize += bytes.byteLength;
    if (this.#heldSize > MAX_OWN_TEXT) throw badRequest(`The text of a message with a template may be at most ${MAX_OWN_TEXT} bytes long`);
    this.#held.push(Uint8Array.from(bytes));
  }

  finish(): void {
    if (this.#open === undefined) return;
    const { part, start, role } = this.#open;
    this[role] = { depth: part.depth, start, end: this.#position, text: textOfPart(part, Buffer.concat(this.#held)) };
    this.#open = undefined;
  }

  delimiter(bytes: Uint8Array): void {
    this.#position += bytes.byteLength;
  }

  filler(bytes: Uint8Array): void {
    this.#position += bytes.byteLength;
  }
}
