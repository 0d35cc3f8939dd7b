/**
 * Prepares what is needed to make a batch's messages: which header fields and text parts differ between recipients, and the bytes between them. Text
 * parts are the leaves of type text that are not attachments; attached messages are attachments. All other bytes stay as they are.
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

/** Longer than any placeholder, in any encoding. */
const OVERLAP = 4096;
const MAX_CONTENT_TYPE = 16_384;
/** Parameters of a text part that are kept. They say how its lines are joined (RFC 3676). The charset is set anew. */
const KEPT_PARAMETERS = new Set(['format', 'delsp']);

/** A field that is the same for everybody is kept as bytes. */
export type HeadPlan = readonly (Uint8Array | MadeField)[];

/** A range of the stored body that is made anew for each recipient: a text part with its head, or the whole body. */
export interface Cut {
  start: number;
  end: number;
  text: TextPlan;
  /** The part's own head and the empty line after it. Empty if the part is the message itself. */
  head: Record<TextEncoding, Uint8Array>;
}

export interface MergePlan {
  /** The message's head, for each encoding that a text can have if it is the whole body. */
  head: Record<TextEncoding, HeadPlan>;
  /** In order and without overlap. */
  cuts: readonly Cut[];
  bodySize: number;
  /** For `checkMergeSize`. */
  size: MergeSize;
  /** Bytes of memory that the plan takes, roughly. */
  kept: number;
}

/** Makes a text part for one recipient from the text in the message. `renderMerge` passes on what it throws. */
export type TextSource = (source: string, kind: 'text' | 'html' | 'other') => (recipient: MergeRecipient) => string;

/** The parts that are made from a stored template instead of by filling placeholders. */
export interface TemplateParts {
  text: TextSource;
  /** By name in lower case. A field that the head does not have is added at its end. */
  fields: ReadonlyMap<string, TemplateFieldMaker>;
}

/**
 * `body` is in wire form and read once, in bounded memory. With `template`, every text part is a source for it. Throws Refusal 400 if a text part
 * with placeholders is over 1 MB or signed, or if there are over a thousand of them. Also throws what `template` throws, and what reading the body
 * throws.
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
  /** The walk's position in the body. */
  position = 0;
  /** The message itself, if it is a single text part and differs between recipients. */
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

  /**
   * Text without placeholders may have any size. It is searched piece by piece; the end of each piece is kept for a placeholder that spans two
   * pieces.
   */
  #lookThrough(part: MimePart): void {
    const held = part.encoding === 'base64' ? bareBase64(Buffer.concat(this.#held)) : Buffer.concat(this.#held);
    if (this.compileText !== undefined || hasPlaceholder(Buffer.from(decodeContent(part.encoding, held)).toString('latin1'))) {
      throw badRequest(`A text with recipient variables may be at most ${messageLimits.mergedText} bytes long`);
    }
    // Whole groups of four base64 digits are kept, so that the following bytes still decode.
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

/** The head of a text that is encoded again, as UTF-8. */
function describe(part: MimePart, encoding: TextEncoding): HeadField[] {
  const described = setField(withUtf8(part), 'Content-Transfer-Encoding', encoding);
  if (part.depth === 0 && !described.some((field) => field.lowerName === 'mime-version')) described.push(makeField('MIME-Version', '1.0'));
  return described;
}

/** A Content-Type that cannot be read was taken for plain text. It is replaced, because if it were only repaired, it might become another type. */
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
