/** One pass over a body in wire form: computes its DKIM hash in relaxed canonical form (RFC 6376 3.4.4), and finds what its bytes need of a peer. */
import { createHash, type Hash } from 'node:crypto';

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const CRLF = Buffer.from('\r\n');
const SPACE = Buffer.from(' ');
const MAX_LINE = 998;
const SCRATCH_SIZE = 4000;
const LARGE_SPAN = 512;

export interface BodyFacts {
  /** base64 SHA-256 of the relaxed canonical body. If the body is empty or all white space, it is the hash of the empty string. */
  bodyHash: string;
  /** Bytes. */
  size: number;
  eightBit: boolean;
  /** There is a line over 998 octets, not counting its CRLF. */
  longLines: boolean;
}

export interface BodyScan {
  /** Takes bytes whose only line ends are CRLF. A CRLF may not be split over two chunks. */
  update(chunk: Uint8Array): void;
  finish(): BodyFacts;
}

export function makeBodyScan(): BodyScan {
  const digest = makeSpanHash();
  let size = 0;
  let bits = 0;
  let longest = 0;
  let openLine = 0; // length so far of the line that the previous chunk ended in
  let lineEnds = 0; // line ends that count only if text follows
  let space = false; // there is white space after those line ends; it counts only if text follows
  let hasText = false;

  function update(chunk: Uint8Array): void {
    const length = chunk.length;
    size += length;
    let lineStart = -openLine;
    let spanStart = hasText && lineEnds === 0 && !space ? 0 : -1;
    let seen = bits;
    let index = 0;
    while (index < length) {
      const byte = chunk[index] as number;
      if (byte > SP || (byte !== SP && byte !== CR && byte !== HTAB && byte !== LF)) {
        seen |= byte;
        if (spanStart < 0) {
          digest.gap(lineEnds, space);
          lineEnds = 0;
          space = false;
          hasText = true;
          spanStart = index;
        }
        index++;
        continue;
      }
      if (spanStart >= 0 && byte === SP && (chunk[index + 1] as number) > SP) {
        index++;
        continue;
      }
      // A gap of white space and line ends. What it becomes in canonical form is known only when text follows, perhaps in another chunk.
      const gapStart = index;
      let sawSpace = false;
      while (index < length) {
        const next = chunk[index] as number;
        if (next === SP || next === HTAB) {
          space = true;
          sawSpace = true;
        } else if (next === CR) {
          if (index - lineStart > longest) longest = index - lineStart;
          lineStart = index + 2;
          lineEnds++;
          space = false;
        } else if (next !== LF) break;
        index++;
      }
      if (spanStart < 0) continue;
      if (!sawSpace && index < length) {
        lineEnds = 0;
        continue;
      }
      digest.span(chunk, spanStart, gapStart);
      spanStart = -1;
    }
    if (spanStart >= 0) digest.span(chunk, spanStart, length);
    openLine = length - lineStart;
    bits = seen;
  }

  return {
    update,
    finish() {
      if (hasText) digest.gap(1, false);
      return { bodyHash: digest.finish(), size, eightBit: bits > 0x7f, longLines: Math.max(longest, openLine) > MAX_LINE };
    },
  };
}

/** Collects short spans before hashing them, because a call into the hash costs more than copying. */
function makeSpanHash() {
  const hash: Hash = createHash('sha256');
  let scratch: Buffer | undefined;
  let used = 0;
  function flush(): void {
    if (used > 0 && scratch) hash.update(scratch.subarray(0, used));
    used = 0;
  }
  function span(chunk: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length >= LARGE_SPAN) {
      flush();
      hash.update(chunk.subarray(start, end));
      return;
    }
    if (used + length > SCRATCH_SIZE) flush();
    scratch ??= Buffer.allocUnsafe(SCRATCH_SIZE);
    for (let index = start; index < end; index++) scratch[used++] = chunk[index] as number;
  }
  return {
    span,
    gap(lineEnds: number, space: boolean): void {
      for (let count = 0; count < lineEnds; count++) span(CRLF, 0, 2);
      if (space) span(SPACE, 0, 1);
    },
    finish(): string {
      flush();
      return hash.digest('base64');
    },
  };
}

/** The DKIM hash (base64) of a body in wire form that was changed, for example by `reencodeFor7Bit`. A CRLF may be split over two chunks. */
export async function bodyHashOf(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> {
  return (await scanBody(chunks)).bodyHash;
}

/** Scans a body and gives all facts about it. */
export async function scanBody(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<BodyFacts> {
  const scan = makeBodyScan();
  let heldCr = false;
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue;
    const whole: Uint8Array = heldCr ? Buffer.concat([CRLF.subarray(0, 1), chunk]) : chunk;
    heldCr = whole[whole.length - 1] === CR;
    scan.update(heldCr ? whole.subarray(0, -1) : whole);
  }
  return scan.finish();
}
