/** Header blocks as lists of fields. The bytes of each field stay as they came, so joining parsed fields gives the same bytes again. */
import { lineKind } from './line-kind.js';

const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const HTAB = 0x09;
const COLON = 0x3a;

export interface HeadField {
  /** As written, without white space before the colon; `''` for a line that is not a header field. */
  readonly name: string;
  readonly lowerName: string;
  /** The whole field, with all its CRLFs. */
  readonly raw: Buffer;
  /** Text after the colon: unfolded, decoded as UTF-8, trimmed; encoded words stay as they are (see `decodeHeaderText`). */
  readonly value: string;
}

/** A field made from its bytes. The value is decoded only when it is asked for. */
export class RawField implements HeadField {
  readonly name: string;
  readonly lowerName: string;
  readonly raw: Buffer;
  #value: string | undefined;

  constructor(raw: Buffer) {
    const colon = lineKind(raw, 0, raw.length) === 'field' ? raw.indexOf(COLON) : 0;
    this.raw = raw;
    this.name = raw.toString('latin1', 0, colon).trimEnd();
    this.lowerName = this.name.toLowerCase();
  }

  get value(): string {
    if (this.#value === undefined) {
      const start = this.name === '' ? 0 : this.raw.indexOf(COLON) + 1;
      this.#value = trimBlanks(this.raw.toString('utf8', start).replace(/\r?\n/g, ''));
    }
    return this.#value;
  }
}

/** Strips only SP and HTAB: white space beyond ASCII is part of a value. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && (text[start] === ' ' || text[start] === '\t')) start++;
  while (end > start && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--;
  return text.slice(start, end);
}

/** Reads a head (whole lines). The fields are views of its bytes. A line that is not a field gets an empty name. */
export function parseHead(head: Uint8Array): HeadField[] {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const fields: HeadField[] = [];
  let start = 0;
  while (start < bytes.length) {
    let end = start;
    do {
      const lineFeed = bytes.indexOf(LF, end);
      end = lineFeed < 0 ? bytes.length : lineFeed + 1;
    } while (bytes[end] === SP || bytes[end] === HTAB);
    fields.push(new RawField(bytes.subarray(start, end)));
    start = end;
  }
  return fields;
}

/** The bytes of all fields in order, without the empty line. */
export function joinHead(fields: readonly HeadField[]): Uint8Array {
  return Buffer.concat(fields.map((field) => field.raw));
}

/** True when a field contains a byte over 127 (RFC 6532). */
export const needsEightBitHead = (fields: readonly HeadField[]): boolean => fields.some(({ raw }) => hasEightBit(raw));

/** Value of the topmost field of this name (any case), undefined when there is none. */
export function firstValue(fields: readonly HeadField[], name: string): string | undefined {
  const lowerName = name.toLowerCase();
  return fields.find((field) => field.lowerName === lowerName)?.value;
}

/** Values of all fields of this name (any case), from the top down. */
export function allValues(fields: readonly HeadField[], name: string): string[] {
  const lowerName = name.toLowerCase();
  return fields.filter((field) => field.lowerName === lowerName).map((field) => field.value);
}

export function hasEightBit(bytes: Uint8Array): boolean {
  let bits = 0;
  for (let index = 0; index < bytes.length; index++) bits |= bytes[index] as number;
  return bits > 0x7f;
}

const MAX_LINE = 998;
const MAX_BLANKS = 100;
const FOLD = Buffer.from('\r\n');
const SPACE = Buffer.from(' ');

/**
 * Folds header lines over 998 octets (RFC 5322 2.1.1) at white space. A line without white space is broken with CRLF SPACE, as in Postfix, but never
 * inside a UTF-8 character. Other fields are not changed.
 */
export function foldLongFields(fields: readonly HeadField[]): HeadField[] {
  return fields.map((field) => (hasLongLine(field.raw) ? new RawField(foldField(field)) : field));
}

function hasLongLine(raw: Buffer): boolean {
  if (raw.length <= MAX_LINE) return false;
  for (let start = 0; start < raw.length; ) {
    const lineFeed = raw.indexOf(LF, start);
    const end = lineFeed < 0 ? raw.length : lineFeed;
    if (end - start > MAX_LINE) return true;
    start = end + 1;
  }
  return false;
}

function foldField(field: HeadField): Buffer {
  const { raw } = field;
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < raw.length; ) {
    const lineFeed = raw.indexOf(LF, start);
    const next = lineFeed < 0 ? raw.length : lineFeed + 1;
    const end = lineFeed < 0 ? next : raw[lineFeed - 1] === CR ? lineFeed - 1 : lineFeed;
    const line = raw.subarray(start, end);
    // Only the first line contains the name. It is not folded right after the name, which must not stand alone on a line.
    const folded = end - start > MAX_LINE ? foldLine(line, start === 0 && field.name !== '' ? raw.indexOf(COLON) + 1 : 0) : [line];
    if (folded.length > 0) pieces.push(...folded, raw.subarray(end, next));
    start = next;
  }
  return Buffer.concat(pieces);
}

/**
 * Gives nothing for a line of white space only, because it could be taken for the end of the head. White space at the end is dropped. A run of white
 * space that no line could hold is cut to one character.
 */
function foldLine(line: Buffer, nameEnd: number): Uint8Array[] {
  const pieces: Uint8Array[] = nameEnd > 0 ? [line.subarray(0, nameEnd)] : [];
  let column = nameEnd;
  let hasText = false;
  for (let index = nameEnd; index < line.length; ) {
    let wordStart = index;
    while (isBlank(line[wordStart])) wordStart++;
    let wordEnd = wordStart;
    while (wordEnd < line.length && !isBlank(line[wordEnd])) wordEnd++;
    if (wordStart === wordEnd) break;
    const blanks = line.subarray(wordStart - index > MAX_BLANKS ? wordStart - 1 : index, wordStart);
    if (hasText && column + blanks.length + wordEnd - wordStart > MAX_LINE) {
      pieces.push(FOLD);
      column = 0;
    }
    pieces.push(blanks);
    column = breakWord(line.subarray(wordStart, wordEnd), column + blanks.length, pieces);
    hasText = true;
    index = wordEnd;
  }
  return pieces;
}

/** Gives the column at the end of the word. */
function breakWord(word: Buffer, column: number, pieces: Uint8Array[]): number {
  let start = 0;
  let at = column;
  while (at + word.length - start > MAX_LINE) {
    const limit = start + MAX_LINE - at;
    let cut = limit;
    while (cut > limit - 3 && ((word[cut] as number) & 0xc0) === 0x80) cut--;
    pieces.push(word.subarray(start, cut), FOLD, SPACE);
    start = cut;
    at = 1;
  }
  pieces.push(word.subarray(start));
  return at + word.length - start;
}

const isBlank = (byte: number | undefined): boolean => byte === SP || byte === HTAB;
