/**
 * The text of one part with its placeholders, prepared once. Lines without placeholders are encoded in advance; only the other lines are made for
 * each recipient. Values may contain line breaks, but no line of a value can look like a MIME delimiter.
 */
import { makeBase64Encoder, makeQuotedPrintableEncoder } from '../mime/transfer-encoding.js';
import { type FillSize, sizeOfTemplate } from './fill-size.js';
import { type MergeRecipient, makeLookup } from './merge-recipient.js';
import { fillPlaceholders, hasPlaceholder, parseTemplate, type TextTemplate } from './placeholders.js';

export type TextEncoding = 'as it is' | 'quoted-printable' | 'base64';

export interface EncodedText {
  /** `as it is`: 7-bit text with lines short enough for everybody, in a part that had no encoding before. */
  encoding: TextEncoding;
  bytes: Uint8Array;
}

export interface TextPlan {
  /** Bytes of memory that it takes, roughly. */
  kept: number;
  /** Size of the filled text. Undefined if that is only known once the text is made. */
  size: FillSize | undefined;
  /** Throws whatever the text's source throws. */
  make(recipient: MergeRecipient): EncodedText;
}

/** Consecutive lines that are the same for everybody, in both encodings, or one line with placeholders. */
type Run = { plain: Buffer; quoted: Buffer } | { template: TextTemplate };

const MAX_LINE = 998;
/** If more than this share of the bytes is beyond ASCII, base64 is shorter than quoted-printable and not harder to read. */
const BASE64_ABOVE = 1 / 6;

/** `text` is decoded. `isPlain`: the part had no encoding, and may again be sent without one. */
export function planText(text: string, isPlain: boolean): TextPlan {
  const wire = text.replace(/\r\n|\r|\n/g, '\r\n');
  const size = sizeOfTemplate(parseTemplate(wire));
  // Compiled at the first use, so that a caller who only needs the size does not pay for it.
  let compiled: ((recipient: MergeRecipient) => EncodedText) | undefined;
  return {
    kept: 4 * wire.length,
    size,
    make(recipient) {
      compiled ??= compileText(wire, isPlain);
      return compiled(recipient);
    },
  };
}

function compileText(wire: string, isPlain: boolean): (recipient: MergeRecipient) => EncodedText {
  if (shareBeyondAscii(wire) > BASE64_ABOVE) {
    const template = parseTemplate(wire);
    return (recipient) => asBase64(fillPlaceholders(template, makeLookup(recipient), asLines));
  }
  const runs = runsOf(wire);
  const mayBePlain = isPlain && runs.every((run) => 'template' in run || fitsPlain(run.plain.toString('utf8')));
  return (recipient) => joinRuns(runs, recipient, mayBePlain);
}

/** A text that is made as a whole for each recipient, for example from a stored template. */
export function planWholeText(makeText: (recipient: MergeRecipient) => string, kept: number): TextPlan {
  return {
    kept,
    size: undefined,
    make(recipient) {
      const wire = asLines(makeText(recipient));
      if (shareBeyondAscii(wire) > BASE64_ABOVE) return asBase64(wire);
      return { encoding: 'quoted-printable', bytes: quote(wire) };
    },
  };
}

function runsOf(wire: string): Run[] {
  const runs: Run[] = [];
  let start = 0;
  const literal = (end: number) => {
    if (end > start) runs.push({ plain: Buffer.from(wire.slice(start, end), 'utf8'), quoted: quote(wire.slice(start, end)) });
  };
  for (let lineStart = 0; lineStart < wire.length; ) {
    const lineFeed = wire.indexOf('\n', lineStart);
    const end = lineFeed < 0 ? wire.length : lineFeed + 1;
    const line = wire.slice(lineStart, end);
    if (hasPlaceholder(line)) {
      literal(lineStart);
      runs.push({ template: parseTemplate(line) });
      start = end;
    }
    lineStart = end;
  }
  literal(wire.length);
  return runs;
}

function joinRuns(runs: readonly Run[], recipient: MergeRecipient, mayBePlain: boolean): EncodedText {
  const lookup = makeLookup(recipient);
  const texts = runs.map((run) => ('template' in run ? fillPlaceholders(run.template, lookup, asLines) : run));
  const isPlain = mayBePlain && texts.every((text) => typeof text !== 'string' || (fitsPlain(text) && !/^--/m.test(text)));
  const pieces = texts.map((text) => {
    if (typeof text !== 'string') return isPlain ? text.plain : text.quoted;
    return isPlain ? Buffer.from(text, 'latin1') : quote(text);
  });
  return { encoding: isPlain ? 'as it is' : 'quoted-printable', bytes: Buffer.concat(pieces) };
}

/** A value with its line breaks as CRLF; controls other than the tab become spaces. */
function asLines(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
  return value.replace(/\r\n?|\n/g, '\r\n').replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, ' ');
}

const NEEDS_NO_QUOTING = /^(?!-)[\t\x20-\x3c\x3e-\x7e]{0,74}[\x21-\x3c\x3e-\x7e]\r\n$/;

function quote(text: string): Buffer {
  if (NEEDS_NO_QUOTING.test(text)) return Buffer.from(text, 'latin1');
  const encoder = makeQuotedPrintableEncoder();
  return Buffer.concat([encoder.push(Buffer.from(text, 'utf8')), encoder.end()]);
}

function asBase64(text: string): EncodedText {
  const encoder = makeBase64Encoder();
  return { encoding: 'base64', bytes: Buffer.concat([encoder.push(Buffer.from(text, 'utf8')), encoder.end()]) };
}

/** True if the text is printable ASCII, blanks and line ends, and no line is longer than RFC 5322 2.1.1 allows. */
function fitsPlain(text: string): boolean {
  if (!/^[\t\r\n\x20-\x7e]*$/.test(text)) return false;
  return text.length <= MAX_LINE || text.split('\r\n').every((line) => line.length <= MAX_LINE);
}

function shareBeyondAscii(text: string): number {
  const ascii = text.replace(/[^\t\r\n\x20-\x7e]+/g, '').length;
  const bytes = Buffer.byteLength(text);
  return bytes === 0 ? 0 : (bytes - ascii) / bytes;
}
