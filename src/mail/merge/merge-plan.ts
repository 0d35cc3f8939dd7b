/**
 * Makes ready what a batch's messages are made of: which header fields and which text parts differ between recipients, with what is between them.
 * Text parts are the leaves of type text that are no attachments; attached messages are attachments. All other bytes stay as they are.
 */
import { buildHeaderValue, parseHeaderValue } from 'nodemailer/lib/mime-funcs';
import { badRequest } from '#core';
import { firstValue, type HeadField, joinHead } from '../head/head-fields.js';
import { makeField } from '../head/make-field.js';
import { setField } from '../head/set-field.js';
import { messageLimits } from '../message-limits.js';
import { dispositionOf, fileNameOf, type MimePart } from '../mime/mime-part.js';
import { type MimeSink, makeMimeWalker } from '../mime/mime-walker.js';
import { decodeContent, textOfPart } from '../mime/part-text.js';
import { type FillSize, sumOfSizes } from './fill-size.js';
import { compileField } from './merge-field.js';
import type { MadeField, MergeRecipient } from './merge-recipient.js';
import type { MergeSize } from './merge-size.js';
import { planText, planWholeText, type TextEncoding, type TextPlan } from './merge-text.js';
import { hasPlaceholder } from './placeholders.js';
import type { TemplateFieldMaker } from './template-fields.js';

/** More than the longest placeholder takes, however it is encoded. */
const OVERLAP = 4096;
const MAX_CONTENT_TYPE = 16_384;
/** How the lines of a text go together (RFC 3676); its new charset comes beside them. */
const KEPT_PARAMETERS = new Set(['format', 'delsp']);

/** Fields as bytes where they are the same for everybody. */
export type HeadPlan = readonly (Uint8Array | MadeField)[];

/** A range of the stored body that is made anew for each recipient: a text part with its head, or the whole body. */
export interface Cut {
  start: number;
  end: number;
  text: TextPlan;
  /** The part's own head and the empty line after it; nothing when the part is the message itself. */
  head: Record<TextEncoding, Uint8Array>;
}

export interface MergePlan {
  /** By what became of a text that is the whole body. */
  head: Record<TextEncoding, HeadPlan>;
  /** In order, not overlapping. */
  cuts: readonly Cut[];
  bodySize: number;
  /** What `checkMergeSize` tells by. */
  size: MergeSize;
  /** Bytes the plan keeps in memory, about. */
  kept: number;
}

/** Makes a text part for one recipient, of what stands in the message; what it throws comes out of `renderMerge`. */
export type TextSource = (source: string, kind: 'text' | 'html' | 'other') => (recipient: MergeRecipient) => string;

/** What is made of a stored template, instead of having placeholders filled. */
export interface TemplateParts {
  text: TextSource;
  /** Those that the head lacks come to its end. */
  fields: ReadonlyMap<string, TemplateFieldMaker>;
}

/**
 * `body` is in wire form and read once, in bounded memory. With `template` every text part is a source for it. Throws Refusal 400 when a text part
 * with placeholders is over 1 MB or signed, or there are over a thousand, what `template` throws, and what reading the body does.
 */
export async function planMerge(
  head: readonly HeadField[],
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  template?: TemplateParts,
): Promise<MergePlan> {
  const sink = new PlanningSink(template?.text);
  const walker = makeMimeWalker(head, sink, { openMessages: false });
  for await (const chunk of body) walker.push(chunk);
  walker.end();
  const headFor = (encoding: TextEncoding) => planHead(sink.whole === undefined ? head : describe(sink.whole, encoding), template?.fields);
  const plans = {
    'as it is': planHead(head, template?.fields),
    'quoted-printable': headFor('quoted-printable'),
    base64: headFor('base64'),
  };
  const headSize = head.reduce((sum, field) => sum + field.raw.byteLength, 0);
  const eachText = sink.cuts.flatMap(({ text }) => text.size ?? []);
  const fields = sumOfSizes(plans['as it is'].flatMap((piece) => ('size' in piece ? piece.size : [])));
  return {
    head: plans,
    cuts: sink.cuts,
    bodySize: sink.position,
    size: { stored: headSize + 2 + sink.position, fields, texts: sumOfSizes(eachText), eachText },
    kept: 3 * headSize + sink.cuts.reduce((sum, { text }) => sum + text.kept, 0),
  };
}

const NOTHING_TO_FILL: FillSize = { source: 0, counts: new Map() };

function planHead(fields: readonly HeadField[], made: TemplateParts['fields'] = new Map()): HeadPlan {
  const plan: (Uint8Array | MadeField)[] = [];
  let same: HeadField[] = [];
  for (const field of fields) {
    const ofTemplate = made.get(field.lowerName);
    const own: MadeField | undefined =
      ofTemplate === undefined ? compileField(field) : { make: (recipient) => ofTemplate(recipient, field), size: NOTHING_TO_FILL };
    if (own === undefined) same.push(field);
    else {
      plan.push(joinHead(same), own);
      same = [];
    }
  }
  plan.push(joinHead(same));
  for (const [name, make] of made) {
    if (!fields.some(({ lowerName }) => lowerName === name))
      plan.push({ make: (recipient) => make(recipient, undefined), size: NOTHING_TO_FILL });
  }
  return plan;
}

class PlanningSink implements MimeSink {
  readonly cuts: Cut[] = [];
  /** Where in the body the walk stands. */
  position = 0;
  /** The message itself, when it is one text part and differs between recipients. */
  whole: MimePart | undefined;
  #part: { part: MimePart; start: number } | undefined;
  #held: Uint8Array[] = [];
  #heldSize = 0;
  #isLarge = false;

  constructor(private readonly compileText: TextSource | undefined) {}

  start(part: MimePart): void {
    const start = this.position;
    if (part.depth > 0) this.position += part.headEnd.byteLength + part.fields.reduce((sum, field) => sum + field.raw.byteLength, 0);
    this.#part = isText(part) ? { part, start } : undefined;
    this.#held = [];
    this.#heldSize = 0;
    this.#isLarge = false;
  }

  content(bytes: Uint8Array): void {
    this.position += bytes.byteLength;
    if (this.#part === undefined) return;
    this.#held.push(bytes);
    this.#heldSize += bytes.byteLength;
    if (this.#heldSize > messageLimits.mergedText) this.#lookThrough(this.#part.part);
  }

  finish(): void {
    if (this.#part === undefined) return;
    const { part, start } = this.#part;
    if (this.#isLarge) this.#lookThrough(part);
    else this.#plan(part, start, Buffer.concat(this.#held));
    this.#part = undefined;
    this.#held = [];
  }

  delimiter(bytes: Uint8Array): void {
    this.position += bytes.byteLength;
  }

  filler(bytes: Uint8Array): void {
    this.position += bytes.byteLength;
  }

  #plan(part: MimePart, start: number, content: Buffer): void {
    const source = textOfPart(part, content);
    if (this.compileText === undefined ? !hasPlaceholder(source) : source === '') return;
    if (part.isSealed) throw badRequest('Recipient variables cannot be filled into a signed or encrypted part', 554, '5.6.2');
    const text =
      this.compileText === undefined
        ? planText(source, part.encoding !== 'base64' && part.encoding !== 'quoted-printable')
        : planWholeText(this.compileText(source, KINDS.get(part.contentType) ?? 'other'), 4 * source.length);
    if (this.cuts.length === messageLimits.mergedParts) {
      throw badRequest(`A message may have at most ${messageLimits.mergedParts} texts with recipient variables`);
    }
    if (part.depth === 0) this.whole = part;
    const headOf = (encoding: TextEncoding) => (part.depth === 0 ? Buffer.alloc(0) : partHead(part, encoding));
    const head = { 'as it is': headOf('as it is'), 'quoted-printable': headOf('quoted-printable'), base64: headOf('base64') };
    this.cuts.push({ start, end: this.position, text, head });
  }

  /** Text without placeholders may be of any size: it is looked through a part at a time, with enough of the last one for what spans both. */
  #lookThrough(part: MimePart): void {
    const held = part.encoding === 'base64' ? bareBase64(Buffer.concat(this.#held)) : Buffer.concat(this.#held);
    if (this.compileText !== undefined || hasPlaceholder(Buffer.from(decodeContent(part.encoding, held)).toString('latin1'))) {
      throw badRequest(`A text with recipient variables may be at most ${messageLimits.mergedText} bytes long`);
    }
    // Whole groups of four digits, so that what follows still decodes.
    this.#held = [held.subarray(Math.max(0, (held.byteLength - OVERLAP) & ~3))];
    this.#heldSize = Math.min(OVERLAP, held.byteLength);
    this.#isLarge = true;
  }
}

const bareBase64 = (bytes: Buffer): Buffer => Buffer.from(bytes.toString('latin1').replace(/[^A-Za-z0-9+/]/g, ''), 'latin1');

const KINDS = new Map<string, 'text' | 'html'>([
  ['text/plain', 'text'],
  ['text/html', 'html'],
]);

const isText = (part: MimePart): boolean =>
  part.kind === 'leaf' &&
  part.contentType.startsWith('text/') &&
  /^(?:7bit|8bit|binary|quoted-printable|base64)?$/.test(part.encoding) &&
  dispositionOf(part) !== 'attachment' &&
  fileNameOf(part) === '';

function partHead(part: MimePart, encoding: TextEncoding): Uint8Array {
  const fields = encoding === 'as it is' ? part.fields : describe(part, encoding);
  return Buffer.concat([joinHead(fields), part.headEnd.byteLength > 0 ? part.headEnd : Buffer.from('\r\n')]);
}

/** The head of a text that is encoded anew, as UTF-8. */
function describe(part: MimePart, encoding: TextEncoding): HeadField[] {
  const described = setField(withUtf8(part), 'Content-Transfer-Encoding', encoding);
  if (part.depth === 0 && !described.some((field) => field.lowerName === 'mime-version')) described.push(makeField('MIME-Version', '1.0'));
  return described;
}

/** A type that cannot be read, and so was taken for plain text, is replaced: written anew it might become another. */
function withUtf8({ fields, contentType }: MimePart): HeadField[] {
  const given = parseHeaderValue((firstValue(fields, 'content-type') ?? '').slice(0, MAX_CONTENT_TYPE), { stripComments: true });
  const isRead = given.value.trim().toLowerCase() === contentType;
  if (isRead && /^utf-?8$/i.test(given.params.charset ?? '')) return [...fields];
  const kept = isRead ? Object.entries(given.params).filter(([name]) => KEPT_PARAMETERS.has(name)) : [];
  return setField(
    fields,
    'Content-Type',
    buildHeaderValue({ value: contentType, params: { charset: 'utf-8', ...Object.fromEntries(kept) } }),
  );
}
