/** Finds names, types and decoded sizes of a message's attachments, for events. The work is bounded, and there is never an error. */
import { type Attachment, cleanText } from '#core';
import type { HeadField } from '../head/head-fields.js';
import { dispositionOf, fileNameOf, type MimePart } from '../mime/mime-part.js';
import { type MimeSink, makeMimeWalker } from '../mime/mime-walker.js';
import { makeBase64Counter, makeQuotedPrintableDecoder } from '../mime/transfer-encoding.js';

const MAX_PARTS = 1000;

/** The streaming form, for a body that is passing through anyway. It stops looking after 1000 parts. */
export interface AttachmentLister {
  push(chunk: Uint8Array): void;
  end(): Attachment[];
}

/**
 * Counts the leaves of a multipart that have a file name or the disposition `attachment`, inline ones too. An attached message counts as one
 * attachment and is not opened. A message that is not a multipart has no attachments.
 */
export function makeAttachmentLister(head: readonly HeadField[]): AttachmentLister {
  const sink = new CountingSink();
  const walker = makeMimeWalker(head, sink, { openMessages: false });
  return {
    push(chunk) {
      if (sink.isMultipart && sink.parts <= MAX_PARTS) walker.push(chunk);
    },
    end() {
      if (sink.isMultipart && sink.parts <= MAX_PARTS) walker.end();
      return sink.attachments;
    },
  };
}

/** `body` is in wire form. From a malformed message it gives what it found. Rejects only when reading the body fails. */
export async function listAttachments(
  head: readonly HeadField[],
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<Attachment[]> {
  const sink = makeAttachmentLister(head);
  for await (const chunk of body) sink.push(chunk);
  return sink.end();
}

interface SizeCounter {
  push(bytes: Uint8Array): void;
  size(): number;
}

class CountingSink implements MimeSink {
  isMultipart = false;
  parts = 0;
  readonly attachments: Attachment[] = [];
  #current: { filename: string; contentType: string; counter: SizeCounter } | undefined;

  start(part: MimePart): void {
    this.parts++;
    if (part.depth === 0) this.isMultipart = part.kind === 'multipart';
    this.#current = undefined;
    if (part.depth === 0 || part.kind !== 'leaf' || this.parts > MAX_PARTS) return;
    const filename = cleanText(fileNameOf(part).split(/[/\\]/).filter(Boolean).at(-1) ?? '');
    if (filename === '' && dispositionOf(part) !== 'attachment') return;
    this.#current = { filename, contentType: cleanText(part.contentType), counter: makeCounter(part.encoding) };
  }

  content(bytes: Uint8Array): void {
    this.#current?.counter.push(bytes);
  }

  finish(): void {
    if (!this.#current) return;
    const { filename, contentType, counter } = this.#current;
    this.attachments.push({ filename, contentType, size: counter.size() });
    this.#current = undefined;
  }

  delimiter(): void {}
  filler(): void {}
}

function makeCounter(encoding: string): SizeCounter {
  if (encoding === 'base64') return makeBase64Counter();
  let size = 0;
  if (encoding === 'quoted-printable') {
    const decoder = makeQuotedPrintableDecoder();
    return {
      push(bytes) {
        size += decoder.push(bytes).length;
      },
      size: () => size + decoder.end().length,
    };
  }
  return {
    push(bytes) {
      size += bytes.length;
    },
    size: () => size,
  };
}
