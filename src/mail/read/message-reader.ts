/** Reads raw RFC 5322 bytes as a stream: collects the head, brings the body into wire form, and computes its hash and traits on the way. */
import { badRequest, type ContentTraits, Refusal, tooLarge } from '#core';
import { makeHeadCollector } from '../head/head-collector.js';
import { type HeadField, hasEightBit, parseHead } from '../head/head-fields.js';
import { makeBodyScan } from '../mime/body-scan.js';
import { makeWireForm } from '../mime/wire-form.js';

const CR = 0x0d;
const DEFAULT_MAX_HEAD_SIZE = 256 * 1024;

export interface MessageReaderOptions {
  /** Bytes of the message in wire form: head, empty line and body. */
  maxSize: number;
  /** Bytes of the head, default 256 kB. */
  maxHeadSize?: number;
}

export interface ReadMessage {
  /**
   * Whole header fields with CRLF, without the empty line after them. `''` if the message did not begin with a field. `makeHeadCollector` and
   * `mendHead` say what is mended in it.
   */
  head: Uint8Array;
  /** Body bytes that `push` has not given yet. */
  lastBody: Uint8Array[];
  /** base64 SHA-256 of the body in relaxed canonical form (RFC 6376 3.4.4). */
  bodyHash: string;
  /** Bytes of head, empty line and body in wire form. */
  size: number;
  traits: ContentTraits;
  /** Bytes before conversion to wire form. */
  rawSize: number;
}

/**
 * Throws Refusal and nothing else: 552 5.3.4 if the message or its head is too large, 550 5.6.0 for NUL and for a head that is interrupted by a line
 * that does not belong to it, naming the line. After a refusal every further call throws the same one. The result does not depend on how the input
 * is cut into chunks.
 */
export interface MessageReader {
  /** The head that `end` will give; undefined until the body has begun. */
  readonly head: Uint8Array | undefined;
  /** Gives body bytes, which may be views of the chunk. */
  push(chunk: Uint8Array): Uint8Array[];
  end(): ReadMessage;
}

/**
 * The head ends at the empty line, or before the first line that is neither a header field nor a continuation (as in Postfix), so plain text without
 * a head is all body. A message without an empty line has only a head. A last line without a line end gets one.
 */
export function makeMessageReader(options: MessageReaderOptions): MessageReader {
  const wire = makeWireForm();
  const collector = makeHeadCollector(options.maxHeadSize ?? DEFAULT_MAX_HEAD_SIZE);
  const scan = makeBodyScan();
  let refusal: Refusal | undefined;
  let rawSize = 0;
  let wireSize = 0;
  let lastByte = 0;

  function take(pieces: Uint8Array[]): Uint8Array[] {
    const body: Uint8Array[] = [];
    for (const piece of pieces) {
      wireSize += piece.length;
      if (collector.head) body.push(piece);
      else body.push(...collector.push(piece));
    }
    if (wireSize + (collector.missingLineEnd ? 2 : 0) > options.maxSize) throw tooLarge('Message exceeds fixed limit');
    for (const chunk of body) scan.update(chunk);
    return body;
  }

  /** If the NUL is in the head, the refusal names the line. */
  function refuseNul(chunk: Uint8Array): void {
    const at = collector.line === undefined ? -1 : chunk.indexOf(0);
    if (at < 0) return;
    take(wire.push(chunk.subarray(0, at)));
    const { line } = collector;
    // A CR at the end was held back, because the wire form depends on the next byte.
    if (line !== undefined)
      throw badRequest(`Line ${line + (endsInCr(chunk.subarray(0, at)) ? 1 : 0)} of the message contains a NUL character`);
  }

  const endsInCr = (bytes: Uint8Array): boolean => (bytes.at(-1) ?? lastByte) === CR;

  function guarded<T>(action: () => T): T {
    if (refusal) throw refusal;
    try {
      return action();
    } catch (error) {
      if (error instanceof Refusal) refusal = error;
      throw error;
    }
  }

  return {
    get head() {
      return collector.head && mendHead(collector.head);
    },
    push: (chunk) =>
      guarded(() => {
        rawSize += chunk.length;
        refuseNul(chunk);
        lastByte = chunk.at(-1) ?? lastByte;
        return take(wire.push(chunk));
      }),
    end: () =>
      guarded(() => {
        const lastBody = take(wire.end());
        for (const piece of collector.finish()) {
          scan.update(piece);
          lastBody.push(piece);
        }
        const head = mendHead(collector.head ?? Buffer.alloc(0));
        const { bodyHash, size, eightBit, longLines } = scan.finish();
        const whole = head.length + 2 + size;
        if (whole > options.maxSize) throw tooLarge('Message exceeds fixed limit');
        const traits = { eightBitHead: hasEightBit(head), eightBitBody: eightBit, longLines };
        return { head, lastBody, bodyHash, size: whole, traits, rawSize };
      }),
  };
}

/** How many bytes are read at a time when only the head is wanted. */
const HEAD_STEP = 16 * 1024;

/** The fields of a message's head. Reads hardly more than the head. Throws like the reader. */
export async function readHead(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<HeadField[]> {
  const reader = makeMessageReader({ maxSize: Number.POSITIVE_INFINITY });
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += HEAD_STEP) {
      reader.push(chunk.subarray(at, at + HEAD_STEP));
      if (reader.head !== undefined) return parseHead(reader.head);
    }
  }
  return parseHead(reader.end().head);
}

const SPACED_NAME = /^([\x21-\x39\x3b-\x7e]{1,255})[ \t]+:/gm;
const BLANK_LINE = /\r\n[ \t]+(?=\r\n)/g;

/**
 * Mends two faults of old clients that programs understand differently: white space before the colon, and lines of white space only. `head` is whole
 * fields in wire form. If there is nothing to mend, the same bytes come back.
 */
function mendHead(head: Buffer): Buffer {
  const text = head.toString('latin1');
  const mended = text.replace(SPACED_NAME, '$1:').replace(BLANK_LINE, '');
  return mended.length === text.length ? head : Buffer.from(mended, 'latin1');
}
