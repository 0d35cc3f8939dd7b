/** Collects the header block of a message in wire form and finds where its body begins. */
import { badRequest, tooLarge } from '#core';
import { isBlankByte, lineKind } from './line-kind.js';
import { findStrayFields } from './stray-fields.js';

const LF = 0x0a;
const CR = 0x0d;
const STEP = 4096;
/** Length limit for the `From ` line that a mailbox file puts before a message. A longer line is text. */
const MAX_MBOX_LINE = 1000;
/** A Content-Type whose body begins with header fields (RFC 2046 5.2, RFC 6522 4). */
const HOLDS_FIELDS = /^content-type[ \t]*:[ \t]*(?:\r\n[ \t]+)?(?:message\/|text\/rfc822-headers)/im;
const MBOX = [Buffer.from('From '), Buffer.from('>From ')];

export interface HeadCollector {
  /** Undefined until the body has begun. */
  readonly head: Buffer | undefined;
  /** Number of the line being read, from 1, while that line belongs to the head. */
  readonly line: number | undefined;
  /** The body began without an empty line before it. The empty line is added when the message is sent. */
  readonly missingLineEnd: boolean;
  /**
   * Gives those of the bytes that belong to the body, so nothing while the head goes on. Throws Refusal: 552 when the head is too large, 550 naming
   * the line that breaks it.
   */
  push(piece: Uint8Array): Uint8Array[];
  /** Ends the head, even if no body came. Gives body bytes that `push` has not given yet. Throws like `push`. */
  finish(): Uint8Array[];
}

/**
 * The head ends at the empty line, or before the first line that is neither a field nor a continuation (as in Postfix). Lines of a mailbox file
 * (`From `, `>From `) before the first field are dropped. If fields follow the end of the head, the message is refused, because readers would see
 * those fields as text.
 */
export function makeHeadCollector(maxSize: number): HeadCollector {
  let buffer = Buffer.allocUnsafe(STEP);
  let length = 0;
  /** Where the head begins, after the lines of a mailbox file. */
  let top = 0;
  let lineStart = 0;
  let line = 1;
  let ended: { headEnd: number; bodyStart: number; by: 'empty line' | 'other line'; names: ReadonlySet<string> } | undefined;
  let head: Buffer | undefined;

  function append(slice: Uint8Array): void {
    if (length + slice.length > buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, length + slice.length));
      buffer.copy(larger, 0, 0, length);
      buffer = larger;
    }
    buffer.set(slice, length);
    length += slice.length;
  }

  function end(by: 'empty line' | 'other line', headEnd: number, bodyStart: number): void {
    if (headEnd > maxSize) throw tooLarge('Header block is too large');
    ended = { headEnd, bodyStart, by, names: namesIn(buffer.subarray(top, headEnd)) };
  }

  /** The message began like a mailbox file, but no field followed. So all of it is text. */
  function endAsText(): void {
    top = 0;
    line = 1;
    end('other line', 0, 0);
  }

  /** Reads lines until the head ends or there are no more. */
  function scanLines(searchFrom: number): void {
    const bytes = buffer.subarray(0, length);
    let from = searchFrom;
    while (ended === undefined) {
      const lineFeed = bytes.indexOf(LF, from);
      const lineEnd = lineFeed >= 0 ? lineFeed - 1 : bytes[length - 1] === CR ? length - 1 : length; // before the CRLF
      const isFirst = lineStart === top;
      if (isFirst && mayBeMboxLine(bytes, lineStart, lineEnd, lineFeed >= 0)) {
        if (lineFeed < 0) return;
        top = lineFeed + 1;
      } else {
        const continues = !isFirst && isBlankByte(bytes[lineStart]);
        const isEmpty = lineEnd === lineStart;
        const kind = isEmpty ? 'unknown' : continues ? 'field' : lineKind(bytes, lineStart, lineEnd);
        const isOther = kind === 'other' || (kind === 'unknown' && lineFeed >= 0);
        if (isOther && isFirst && top > 0) endAsText();
        else if (isEmpty && lineFeed >= 0) end('empty line', lineStart, lineFeed + 1);
        else if (isOther) end('other line', lineStart, lineStart);
        else if (kind === 'field' && (lineFeed < 0 ? length : lineFeed + 1) > maxSize) throw tooLarge('Header block is too large');
        if (ended !== undefined || lineFeed < 0) return;
      }
      line++;
      lineStart = lineFeed + 1;
      from = lineStart;
    }
  }

  /** Offset of the body in the buffer; -1 while more bytes are needed to exclude stray fields. Throws if there are stray fields. */
  function judge(isWhole: boolean): number {
    if (ended === undefined) return -1;
    const { headEnd, bodyStart, by, names } = ended;
    const isMessage = by === 'empty line' && HOLDS_FIELDS.test(buffer.toString('latin1', top, headEnd));
    const found = isMessage ? 'fine' : findStrayFields(names, buffer.subarray(bodyStart, length), by, isWhole);
    if (found === 'wait') return -1;
    if (found === 'stray') {
      throw badRequest(`Line ${line} of the message is ${by === 'empty line' ? 'empty' : 'no header field'}, but header fields follow it`);
    }
    head = Buffer.from(buffer.subarray(top, headEnd));
    return bodyStart;
  }

  return {
    get head() {
      return head;
    },
    get line() {
      return ended === undefined ? line : undefined;
    },
    get missingLineEnd() {
      return ended?.by === 'other line';
    },
    push(piece) {
      for (let offset = 0; offset < piece.length; offset += STEP) {
        const before = length;
        append(piece.subarray(offset, offset + STEP));
        scanLines(before);
        const bodyStart = judge(false);
        if (bodyStart < 0) continue;
        const rest = piece.subarray(offset + Math.max(0, bodyStart - before));
        const earlier = bodyStart < before ? [Buffer.from(buffer.subarray(bodyStart, before))] : [];
        buffer = Buffer.alloc(0);
        return rest.length > 0 ? [...earlier, rest] : earlier;
      }
      return [];
    },
    finish() {
      if (head !== undefined) return [];
      if (ended === undefined && top > 0 && lineStart === top) endAsText();
      const bodyStart = judge(true);
      const body = bodyStart < 0 || bodyStart === length ? [] : [Buffer.from(buffer.subarray(bodyStart, length))];
      head ??= Buffer.from(buffer.subarray(top, length));
      return body;
    },
  };
}

/** Whether the line belongs to a mailbox file. An incomplete line counts if it can still become one. */
function mayBeMboxLine(bytes: Buffer, start: number, end: number, isComplete: boolean): boolean {
  if (end - start > MAX_MBOX_LINE || lineKind(bytes, start, end) === 'field') return false;
  return MBOX.some((mark) => {
    const length = Math.min(end - start, mark.length);
    return (length === mark.length || !isComplete) && mark.compare(bytes, start, start + length, 0, length) === 0;
  });
}

function namesIn(head: Buffer): Set<string> {
  const names = new Set<string>();
  for (let start = 0; start < head.length; ) {
    const lineFeed = head.indexOf(LF, start);
    if (!isBlankByte(head[start])) names.add(head.toString('latin1', start, head.indexOf(':', start)).trimEnd().toLowerCase());
    start = lineFeed < 0 ? head.length : lineFeed + 1;
  }
  return names;
}
