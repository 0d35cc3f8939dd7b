/**
 * Reads a message for people: decodes its texts, and lists the names and sizes of its attachments without keeping them. Work and memory are bounded
 * for any message: texts are cut beyond 4 MiB in all, and after 1000 attachments no more are listed.
 */
import { decodeCharset } from '../head/decode-charset.js';
import type { HeadField } from '../head/head-fields.js';
import { leafRoleOf } from '../mime/leaf-role.js';
import type { MimePart } from '../mime/mime-part.js';
import { type MimeSink, makeMimeWalker } from '../mime/mime-walker.js';
import { charsetOf } from '../mime/part-text.js';
import { makeTransferDecoder } from '../mime/transfer-decoder.js';
import { makeBase64Counter, type Transcoder } from '../mime/transfer-encoding.js';

/** Decoded bytes of all texts together. */
const MAX_TEXT = 4 * 1024 * 1024;
export const MAX_ATTACHMENTS = 1000;

export interface ParsedAttachment {
  /** `''` when the attachment has none. */
  filename: string;
  contentType: string;
  /** Bytes after decoding. */
  size: number;
  /** Without angle brackets; `''` when the attachment has none. */
  contentId: string;
}

export interface ParsedMessage {
  /** By name: `plain`, `html`, `amp-html`, or the subtype of another text. Several texts of one name are joined in order. */
  texts: Map<string, string>;
  /** In the order of the message. The position of an attachment is its `index` for `openAttachment`. */
  attachments: ParsedAttachment[];
}

/** `body` is in wire form. From a malformed message it gives what can be found. Rejects only when reading the body fails. */
export async function parseMessage(head: readonly HeadField[], body: AsyncIterable<Uint8Array>): Promise<ParsedMessage> {
  const sink = new ReadingSink();
  const walker = makeMimeWalker(head, sink, { openMessages: false });
  for await (const chunk of body) walker.push(chunk);
  walker.end();
  return { texts: sink.texts(), attachments: sink.attachments };
}

interface OpenText {
  name: string;
  charset: string;
  decoder: Transcoder;
  chunks: Uint8Array[];
}

class ReadingSink implements MimeSink {
  readonly attachments: ParsedAttachment[] = [];
  readonly #texts = new Map<string, string[]>();
  #room = MAX_TEXT;
  #text: OpenText | undefined;
  #counter: { push(bytes: Uint8Array): void; size(): number } | undefined;

  start(part: MimePart): void {
    this.#text = undefined;
    this.#counter = undefined;
    if (part.kind !== 'leaf') return;
    const role = leafRoleOf(part);
    if (role.kind === 'text') {
      this.#text = { name: role.name, charset: charsetOf(part), decoder: makeTransferDecoder(part.encoding), chunks: [] };
    } else if (this.attachments.length < MAX_ATTACHMENTS) {
      const { filename, contentType, contentId } = role;
      this.attachments.push({ filename, contentType, size: 0, contentId });
      this.#counter = part.encoding === 'base64' ? makeBase64Counter() : makeCounter(makeTransferDecoder(part.encoding));
    }
  }

  content(bytes: Uint8Array): void {
    this.#counter?.push(bytes);
    if (this.#text !== undefined && this.#room > 0) this.#keep(this.#text, this.#text.decoder.push(bytes));
  }

  finish(): void {
    const attachment = this.attachments.at(-1);
    if (this.#counter !== undefined && attachment !== undefined) attachment.size = this.#counter.size();
    this.#counter = undefined;
    const text = this.#text;
    this.#text = undefined;
    if (text === undefined) return;
    this.#keep(text, text.decoder.end());
    const known = this.#texts.get(text.name);
    const decoded = decodeCharset(text.charset, Buffer.concat(text.chunks));
    if (known === undefined) this.#texts.set(text.name, [decoded]);
    else if (decoded !== '') known.push(decoded);
  }

  delimiter(): void {}
  filler(): void {}

  texts(): Map<string, string> {
    return new Map([...this.#texts].map(([name, pieces]) => [name, pieces.join('\r\n')]));
  }

  #keep(text: OpenText, decoded: Uint8Array): void {
    const kept = decoded.subarray(0, this.#room);
    this.#room -= kept.byteLength;
    // Copied, because the bytes may be a view of a chunk that the reader reuses.
    if (kept.byteLength > 0) text.chunks.push(new Uint8Array(kept));
  }
}

function makeCounter(decoder: Transcoder): { push(bytes: Uint8Array): void; size(): number } {
  let size = 0;
  return {
    push(bytes) {
      size += decoder.push(bytes).byteLength;
    },
    size: () => size + decoder.end().byteLength,
  };
}
