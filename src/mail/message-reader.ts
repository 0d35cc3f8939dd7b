/** Streaming intake of raw RFC 5322 bytes: the head is collected, the body passes through in wire form, hashed and judged on the way. */
import { type ContentTraits, Refusal, tooLarge } from '#core';
import { makeBodyScan } from './body-scan.js';
import { makeHeadCollector } from './head-collector.js';
import { hasEightBit } from './head-fields.js';
import { makeWireForm } from './wire-form.js';

const DEFAULT_MAX_HEAD_SIZE = 256 * 1024;

export interface MessageReaderOptions {
  /** Bytes of the message in wire form: head, empty line and body. */
  maxSize: number;
  /** Bytes of the head, default 256 kB. */
  maxHeadSize?: number;
}

export interface ReadMessage {
  /** Whole header fields with CRLF, without the empty line after them; `''` when the message began with something else. */
  head: Uint8Array;
  /** Body bytes that `push` had not given yet. */
  lastBody: Uint8Array[];
  /** base64 SHA-256 of the body in relaxed canonical form (RFC 6376 3.4.4). */
  bodyHash: string;
  /** Bytes of head, empty line and body in wire form. */
  size: number;
  traits: ContentTraits;
  /** Bytes as they came in. */
  rawSize: number;
}

/**
 * Throws Refusal and nothing else: 552 5.3.4 when the message or its head is too large, 550 5.6.0 for NUL. After a
 * refusal every further call throws the same one. The outcome does not depend on how the input is cut into chunks.
 */
export interface MessageReader {
  /** Gives body bytes, which may be views of the chunk. */
  push(chunk: Uint8Array): Uint8Array[];
  end(): ReadMessage;
}

/**
 * The head ends at the empty line, or before the first line that is neither a header field nor a continuation (as
 * Postfix has it), so that plain text or an mbox `From ` line is body. A message without an empty line is head only.
 * A last line without a line end gets one.
 */
export function makeMessageReader(options: MessageReaderOptions): MessageReader {
  const wire = makeWireForm();
  const collector = makeHeadCollector(options.maxHeadSize ?? DEFAULT_MAX_HEAD_SIZE);
  const scan = makeBodyScan();
  let refusal: Refusal | undefined;
  let rawSize = 0;
  let wireSize = 0;

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
    push: (chunk) =>
      guarded(() => {
        rawSize += chunk.length;
        return take(wire.push(chunk));
      }),
    end: () =>
      guarded(() => {
        const lastBody = take(wire.end());
        const head = collector.finish();
        const { bodyHash, size, eightBit, longLines } = scan.finish();
        const whole = head.length + 2 + size;
        if (whole > options.maxSize) throw tooLarge('Message exceeds fixed limit');
        const traits = { eightBitHead: hasEightBit(head), eightBitBody: eightBit, longLines };
        return { head, lastBody, bodyHash, size: whole, traits, rawSize };
      }),
  };
}
