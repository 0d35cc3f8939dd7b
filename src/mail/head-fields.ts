/** Header blocks as lists of fields whose bytes stay as they came; joining what was parsed gives the same bytes again. */
import { lineKind } from './head-collector.js';

const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const HTAB = 0x09;
const COLON = 0x3a;

export interface HeadField {
  /** As written, without white space before the colon; `''` for a line that is no header field. */
  readonly name: string;
  readonly lowerName: string;
  /** The whole field with every CRLF. */
  readonly raw: Buffer;
  /** Text after the colon: unfolded, decoded as UTF-8, trimmed; encoded words stay as they are (see `decodeHeaderText`). */
  readonly value: string;
}

/** A field over its bytes; the value is decoded when it is asked for. */
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

/** Strips SP and HTAB only: white space beyond ASCII is part of a value. */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && (text[start] === ' ' || text[start] === '\t')) start++;
  while (end > start && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--;
  return text.slice(start, end);
}

/** Reads a head (whole lines). Fields are views of its bytes. Lines that are no field come back with an empty name. */
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

/** The bytes of the fields one after the other, without the empty line. */
export function joinHead(fields: readonly HeadField[]): Uint8Array {
  return Buffer.concat(fields.map((field) => field.raw));
}

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

const MAX_LINE = 998;

/**
 * Folds header lines over 998 octets (RFC 5322 2.1.1) at white space, or breaks them with CRLF SPACE where there is
 * none, as Postfix does; never inside a UTF-8 character. Other fields come back untouched.
 */
export function foldLongFields(fields: readonly HeadField[]): HeadField[] {
  return fields.map((field) => (hasLongLine(field.raw) ? new RawField(foldField(field.raw)) : field));
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

function foldField(raw: Buffer): Buffer {
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < raw.length; ) {
    const lineFeed = raw.indexOf(LF, start);
    const next = lineFeed < 0 ? raw.length : lineFeed + 1;
    const end = lineFeed > start && raw[lineFeed - 1] === CR ? lineFeed - 1 : lineFeed < 0 ? next : lineFeed;
    // Only the first line has a name, which must not stand alone on its line.
    foldLine(raw.subarray(start, end), start === 0 ? raw.indexOf(COLON) + 1 : 0, pieces);
    pieces.push(raw.subarray(end, next));
    start = next;
  }
  return Buffer.concat(pieces);
}

function foldLine(line: Buffer, nameEnd: number, pieces: Uint8Array[]): void {
  let start = 0;
  let room = MAX_LINE;
  let textFrom = nameEnd;
  while (line.length - start > room) {
    while (line[textFrom] === SP || line[textFrom] === HTAB) textFrom++;
    if (textFrom >= line.length) return; // nothing but white space is left: dropped, so that no line looks empty
    let cut = start + room;
    while (cut > textFrom && line[cut] !== SP && line[cut] !== HTAB) cut--;
    const atSpace = cut > textFrom;
    if (!atSpace) {
      cut = Math.max(textFrom, start) + 1 < start + room ? start + room : Math.max(textFrom, start + room);
      while (cut > start + 1 && ((line[cut] as number) & 0xc0) === 0x80) cut--;
    }
    pieces.push(line.subarray(start, cut), atSpace ? Buffer.from('\r\n') : Buffer.from('\r\n '));
    start = cut;
    textFrom = cut;
    room = atSpace ? MAX_LINE : MAX_LINE - 1;
  }
  pieces.push(line.subarray(start));
}
