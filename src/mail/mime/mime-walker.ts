/** Walks through the MIME structure of a body in wire form while the body streams by. Hands on every byte exactly once and in order. */

import { type HeadField, parseHead } from '../head/head-fields.js';
import { lineKind } from '../head/line-kind.js';
import { type MimePart, readPart } from './mime-part.js';

const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const HTAB = 0x09;
const DASH = 0x2d;
/** White space and line end, which may follow a boundary (RFC 2046 5.1.1). */
const PADDING = [SP, HTAB, CR, LF];
const NEXT_DASHES = Buffer.from('\n--');
const NOTHING = Buffer.alloc(0);
const MAX_DELIMITER = 300;
const MAX_HEAD = 256 * 1024;
const DEFAULT_MAX_DEPTH = 50;

/**
 * Its methods are called in the order of the body. The head and `headEnd` of each part except the message itself, joined with all other bytes, give
 * the body again.
 */
export interface MimeSink {
  /** The head of a part is complete. */
  start(part: MimePart): void;
  /** Content of the leaf that was started last. A line end right before a delimiter is not part of it. */
  content(bytes: Uint8Array): void;
  /** The leaf that was started last is complete. */
  finish(): void;
  /** A delimiter line, together with the line end before it, which belongs to the delimiter (RFC 2046 5.1.1). */
  delimiter(bytes: Uint8Array): void;
  /** Preamble or epilogue of a multipart. `isSealed`: it is inside a part that seals its content. */
  filler(bytes: Uint8Array, isSealed: boolean): void;
}

export interface MimeWalker {
  push(chunk: Uint8Array): void;
  end(): void;
}

export interface MimeWalkerOptions {
  /** True: message/rfc822 parts are opened and walked. */
  openMessages: boolean;
  /** Parts that are nested deeper are treated as leaves. */
  maxDepth?: number;
}

interface OpenMultipart {
  boundary: string;
  contentType: string;
  depth: number;
  /** The part seals its content, or is inside a part that does. */
  isSealed: boolean;
}

/** Memory is bounded by the chunk and one part's head (256 kB). Never throws, except what the sink throws. */
export function makeMimeWalker(top: readonly HeadField[], sink: MimeSink, options: MimeWalkerOptions): MimeWalker {
  return new Walker(top, sink, options);
}

class Walker implements MimeWalker {
  #mode: 'head' | 'leaf' | 'filler' = 'head';
  #open: OpenMultipart[] = [];
  #head: Buffer[] = [];
  #headSize = 0;
  #depth = 0;
  /** Bytes that cannot be understood before more bytes come. */
  #carry: Buffer = NOTHING;
  /** We are inside a line that is certainly not a delimiter. */
  #midLine = false;
  /** A line end that is held back. It is content unless a delimiter follows. */
  #heldLineEnd: Uint8Array = NOTHING;

  constructor(
    top: readonly HeadField[],
    private readonly sink: MimeSink,
    private readonly options: MimeWalkerOptions,
  ) {
    this.#finishHead(NOTHING, top);
  }

  push(chunk: Uint8Array): void {
    const view = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const bytes = this.#carry.length > 0 ? Buffer.concat([this.#carry, view]) : view;
    this.#carry = NOTHING;
    this.#walk(bytes, false);
  }

  end(): void {
    const rest = this.#carry;
    this.#carry = NOTHING;
    this.#walk(rest, true);
    while (this.#mode === 'head') this.#finishHead(NOTHING, undefined);
    if (this.#heldLineEnd.length > 0) this.#give(this.#heldLineEnd);
    this.#heldLineEnd = NOTHING;
    if (this.#mode === 'leaf') this.sink.finish();
    this.#mode = 'filler';
  }

  #walk(bytes: Buffer, isLast: boolean): void {
    let position = 0;
    while (position < bytes.length) {
      const next = this.#mode === 'head' ? this.#headLine(bytes, position, isLast) : this.#contentLines(bytes, position, isLast);
      if (next < 0) {
        this.#carry = Buffer.from(bytes.subarray(~next));
        return;
      }
      position = next;
    }
  }

  /**
   * Takes one line of a head. Gives the position to go on at. If more bytes are needed, gives the bitwise complement of the position from which
   * bytes must be carried over.
   */
  #headLine(bytes: Buffer, start: number, isLast: boolean): number {
    const lineFeed = bytes.indexOf(LF, start);
    if (lineFeed < 0 && !isLast && bytes.length - start < MAX_HEAD) return ~start;
    const end = lineFeed < 0 ? bytes.length : lineFeed + 1;
    if (this.#delimiterAt(bytes, start, end)) return end;
    if (bytes[start] === LF || (bytes[start] === CR && bytes[start + 1] === LF)) {
      this.#finishHead(bytes.subarray(start, end), undefined);
      return end;
    }
    const continues = this.#head.length > 0 && (bytes[start] === SP || bytes[start] === HTAB);
    this.#headSize += end - start;
    if (this.#headSize > MAX_HEAD || !(continues || lineKind(bytes, start, end) === 'field')) {
      this.#finishHead(NOTHING, undefined);
      return start;
    }
    this.#head.push(bytes.subarray(start, end));
    return end;
  }

  /** Takes content up to and including the next delimiter line. Gives a position in the same form as `#headLine`. */
  #contentLines(bytes: Buffer, start: number, isLast: boolean): number {
    if (this.#open.length === 0) {
      this.#give(bytes.subarray(start));
      return bytes.length;
    }
    let position = start;
    for (;;) {
      if (!this.#midLine && bytes[position] === DASH && (bytes[position + 1] === DASH || position + 1 === bytes.length)) {
        const lineFeed = bytes.indexOf(LF, position);
        if (lineFeed < 0 && !isLast && bytes.length - position < MAX_DELIMITER) {
          this.#run(bytes, start, position);
          return ~position;
        }
        const end = lineFeed < 0 ? bytes.length : lineFeed + 1;
        if (this.#isDelimiter(bytes, position, end)) {
          this.#run(bytes, start, position);
          this.#delimiterAt(bytes, position, end);
          return end;
        }
      }
      const found = bytes.indexOf(NEXT_DASHES, position);
      if (found < 0) return this.#runToEnd(bytes, start, isLast);
      position = found + 1;
      this.#midLine = false;
    }
  }

  /** No other line begins with two dashes here. The last one or two bytes may still begin such a line, or be half of a CRLF. */
  #runToEnd(bytes: Buffer, start: number, isLast: boolean): number {
    const length = bytes.length;
    const last = bytes[length - 1];
    const dashAtLineStart = last === DASH && length - 1 > start && bytes[length - 2] === LF;
    const held = !isLast && (last === CR || dashAtLineStart) ? 1 : 0;
    this.#midLine = !(last === LF || dashAtLineStart || (last === CR && length - 1 > start && bytes[length - 2] === LF));
    this.#run(bytes, start, length - held);
    return held === 1 ? ~(length - 1) : length;
  }

  #run(bytes: Buffer, start: number, end: number): void {
    if (start >= end) return;
    if (this.#heldLineEnd.length > 0) this.#give(this.#heldLineEnd);
    let contentEnd = end;
    if (bytes[end - 1] === LF) contentEnd = end - 2 >= start && bytes[end - 2] === CR ? end - 2 : end - 1;
    if (contentEnd > start) this.#give(bytes.subarray(start, contentEnd));
    this.#heldLineEnd = Buffer.from(bytes.subarray(contentEnd, end));
  }

  #give(bytes: Uint8Array): void {
    if (this.#mode === 'leaf') this.sink.content(bytes);
    else this.sink.filler(bytes, this.#isSealed);
  }

  get #isSealed(): boolean {
    return this.#open.at(-1)?.isSealed === true;
  }

  #isDelimiter(bytes: Buffer, start: number, end: number): boolean {
    return this.#matchDelimiter(bytes, start, end) !== undefined;
  }

  /** Finds which open multipart the line delimits (the innermost one first), and whether it closes that multipart. */
  #matchDelimiter(bytes: Buffer, start: number, end: number): { level: number; closes: boolean } | undefined {
    if (bytes[start] !== DASH || bytes[start + 1] !== DASH || end - start > MAX_DELIMITER || this.#open.length === 0) return undefined;
    let textEnd = end;
    while (textEnd > start + 2 && PADDING.includes(bytes[textEnd - 1] as number)) textEnd--;
    const text = bytes.toString('latin1', start + 2, textEnd);
    for (let level = this.#open.length - 1; level >= 0; level--) {
      const boundary = this.#open[level]?.boundary ?? '';
      if (text === boundary) return { level, closes: false };
      if (text.length === boundary.length + 2 && text.startsWith(boundary) && text.endsWith('--')) return { level, closes: true };
    }
    return undefined;
  }

  /** If the line is a delimiter, ends the parts that it ends and starts the part that it begins. */
  #delimiterAt(bytes: Buffer, start: number, end: number): boolean {
    const match = this.#matchDelimiter(bytes, start, end);
    if (!match) return false;
    while (this.#mode === 'head') this.#finishHead(NOTHING, undefined);
    if (this.#mode === 'leaf') this.sink.finish();
    this.#open.length = match.closes ? match.level : match.level + 1;
    const line = bytes.subarray(start, end);
    this.sink.delimiter(this.#heldLineEnd.length > 0 ? Buffer.concat([this.#heldLineEnd, line]) : line);
    this.#heldLineEnd = NOTHING;
    this.#midLine = false;
    this.#mode = match.closes ? 'filler' : 'head';
    this.#depth = (this.#open[match.level]?.depth ?? 0) + 1;
    return true;
  }

  #finishHead(headEnd: Uint8Array, given: readonly HeadField[] | undefined): void {
    const fields = given ?? (this.#head.length > 0 ? parseHead(Buffer.concat(this.#head)) : []);
    this.#head = [];
    this.#headSize = 0;
    this.#midLine = false;
    const around = this.#open.at(-1);
    const part = readPart(fields, headEnd, {
      depth: this.#depth,
      around: around && around.depth === this.#depth - 1 ? around.contentType : '',
      maxDepth: this.options.maxDepth ?? DEFAULT_MAX_DEPTH,
      openMessages: this.options.openMessages,
      isSealed: this.#isSealed,
    });
    this.#mode = part.kind === 'leaf' ? 'leaf' : part.kind === 'multipart' ? 'filler' : 'head';
    if (part.kind === 'multipart') {
      const { boundary, contentType, depth } = part;
      this.#open.push({ boundary, contentType, depth, isSealed: part.seals || part.isSealed });
    }
    if (part.kind === 'message') this.#depth = part.depth + 1;
    this.sink.start(part);
  }
}
