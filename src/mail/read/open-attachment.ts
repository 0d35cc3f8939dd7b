/** One attachment of a message as a stream of its decoded bytes. The message is not read further than the attachment's end. */
import type { HeadField } from '../head/head-fields.js';
import { leafRoleOf } from '../mime/leaf-role.js';
import type { MimePart } from '../mime/mime-part.js';
import { type MimeSink, makeMimeWalker } from '../mime/mime-walker.js';
import { makeTransferDecoder } from '../mime/transfer-decoder.js';
import type { Transcoder } from '../mime/transfer-encoding.js';
import { MAX_ATTACHMENTS } from './parse-message.js';

export interface OpenAttachment {
  /** `''` when the attachment has none. */
  filename: string;
  contentType: string;
  /** Can be read only once. */
  content: AsyncIterable<Uint8Array>;
}

/**
 * `index` is the position in the attachments of `parseMessage`. Undefined if there is no such attachment; then the body has been read to its end.
 */
export async function openAttachment(
  head: readonly HeadField[],
  body: AsyncIterable<Uint8Array>,
  index: number,
): Promise<OpenAttachment | undefined> {
  const sink = new ExtractingSink(index);
  const walker = makeMimeWalker(head, sink, { openMessages: false });
  const chunks = body[Symbol.asyncIterator]();
  let isOver = false;
  async function readOn(): Promise<void> {
    const { value, done } = await chunks.next();
    isOver = done === true;
    if (isOver) walker.end();
    else walker.push(value);
  }
  while (!isOver && sink.found === undefined) await readOn();
  if (sink.found === undefined) return undefined;
  async function* content() {
    try {
      for (;;) {
        yield* sink.decoded.splice(0);
        if (isOver || sink.isComplete) return;
        await readOn();
      }
    } finally {
      await chunks.return?.();
    }
  }
  return { ...sink.found, content: content() };
}

class ExtractingSink implements MimeSink {
  found: { filename: string; contentType: string } | undefined;
  isComplete = false;
  /** Decoded bytes that were not taken yet. */
  readonly decoded: Uint8Array[] = [];
  #seen = 0;
  #decoder: Transcoder | undefined;

  constructor(private readonly index: number) {}

  start(part: MimePart): void {
    if (part.kind !== 'leaf' || this.found !== undefined || this.#seen === MAX_ATTACHMENTS) return;
    const role = leafRoleOf(part);
    if (role.kind !== 'attachment' || this.#seen++ !== this.index) return;
    this.found = { filename: role.filename, contentType: role.contentType };
    this.#decoder = makeTransferDecoder(part.encoding);
  }

  content(bytes: Uint8Array): void {
    if (this.#decoder !== undefined) this.#give(this.#decoder.push(bytes));
  }

  finish(): void {
    if (this.#decoder === undefined) return;
    this.#give(this.#decoder.end());
    this.#decoder = undefined;
    this.isComplete = true;
  }

  delimiter(): void {}
  filler(): void {}

  #give(bytes: Uint8Array): void {
    // Copied, because the bytes may be a view of a chunk that the reader reuses.
    if (bytes.byteLength > 0) this.decoded.push(new Uint8Array(bytes));
  }
}
