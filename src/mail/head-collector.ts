/** Collects the header block of a message in wire form and finds where its body begins. */
import { tooLarge } from '#core';

const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const HTAB = 0x09;
const COLON = 0x3a;
const STEP = 4096;
/** A field name longer than this (with white space before its colon) is not taken for one. */
const MAX_NAME = 255;

export interface HeadCollector {
  /** Set once the body has begun. */
  readonly head: Buffer | undefined;
  /** The body began without an empty line before it, which the message gets on its way out. */
  readonly missingLineEnd: boolean;
  /** Gives the body bytes among these, none while the head goes on. Throws Refusal 552 when the head is too large. */
  push(piece: Uint8Array): Uint8Array[];
  /** The head, also when no body came. */
  finish(): Buffer;
}

/**
 * Is this line a header field? Printable ASCII, perhaps white space, a colon (RFC 5322 2.2 and 4.5).
 * 'unknown' when the line is not complete and may still become one.
 */
export function lineKind(bytes: Uint8Array, start: number, end: number): 'field' | 'other' | 'unknown' {
  const limit = Math.min(end, start + MAX_NAME);
  let spaced = false;
  for (let index = start; index < limit; index++) {
    const byte = bytes[index] as number;
    if (byte === COLON) return index > start ? 'field' : 'other';
    if (byte === SP || byte === HTAB) {
      if (index === start) return 'other';
      spaced = true;
    } else if (spaced || byte <= SP || byte > 0x7e) return 'other';
  }
  return limit < end || end - start >= MAX_NAME ? 'other' : 'unknown';
}

export function makeHeadCollector(maxSize: number): HeadCollector {
  let buffer = Buffer.allocUnsafe(STEP);
  let length = 0;
  let lineStart = 0;
  let head: Buffer | undefined;
  let missingLineEnd = false;

  function append(slice: Uint8Array): void {
    if (length + slice.length > buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, length + slice.length));
      buffer.copy(larger, 0, 0, length);
      buffer = larger;
    }
    buffer.set(slice, length);
    length += slice.length;
  }

  function finishAt(end: number, hasEmptyLine: boolean): void {
    if (end > maxSize) throw tooLarge('Header block is too large');
    head = Buffer.from(buffer.subarray(0, end));
    missingLineEnd = !hasEmptyLine;
  }

  /** Offset of the body in the buffer, or -1 while the head goes on. */
  function scanLines(searchFrom: number): number {
    const bytes = buffer.subarray(0, length);
    let from = searchFrom;
    for (;;) {
      const lineFeed = bytes.indexOf(LF, from);
      const end = lineFeed >= 0 ? lineFeed - 1 : bytes[length - 1] === CR ? length - 1 : length; // before the CRLF
      if (lineFeed >= 0 && end === lineStart) {
        finishAt(lineStart, true);
        return lineFeed + 1;
      }
      const first = bytes[lineStart];
      const continues = lineStart > 0 && (first === SP || first === HTAB);
      const kind = end === lineStart ? 'unknown' : continues ? 'field' : lineKind(bytes, lineStart, end);
      if (kind === 'other' || (kind === 'unknown' && lineFeed >= 0)) {
        finishAt(lineStart, false);
        return lineStart;
      }
      if (kind === 'field' && (lineFeed < 0 ? length : lineFeed + 1) > maxSize) throw tooLarge('Header block is too large');
      if (lineFeed < 0) return -1;
      lineStart = lineFeed + 1;
      from = lineStart;
    }
  }

  return {
    get head() {
      return head;
    },
    get missingLineEnd() {
      return missingLineEnd;
    },
    push(piece) {
      for (let offset = 0; offset < piece.length; offset += STEP) {
        const before = length;
        append(piece.subarray(offset, offset + STEP));
        const bodyStart = scanLines(before);
        if (bodyStart < 0) continue;
        const rest = piece.subarray(offset + Math.max(0, bodyStart - before));
        const earlier = bodyStart < before ? [Buffer.from(buffer.subarray(bodyStart, before))] : [];
        buffer = Buffer.alloc(0);
        return rest.length > 0 ? [...earlier, rest] : earlier;
      }
      return [];
    },
    finish() {
      head ??= Buffer.from(buffer.subarray(0, length));
      return head;
    },
  };
}
