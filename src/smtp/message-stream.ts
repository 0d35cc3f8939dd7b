/**
 * The bytes of one message as they come in. Reading throws when the message grows over the limit, and when the client leaves before the final dot,
 * so that the reader keeps nothing. A reader that stops early does not end the transfer: the rest is drained first, and then the client gets its
 * answer.
 */
import type { Readable } from 'node:stream';
import { tooLarge } from '#core';

export class MessageStream implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  readonly #source: Readable;
  readonly #maxBytes: number;
  #wake: (() => void) | undefined;
  #dropped = false;
  /** Bytes read so far. */
  bytes = 0;
  /** The final dot was read. */
  ended = false;
  /** Why reading failed, if it did. */
  failure: Error | undefined;

  /** `onEnd` is called once, when the client has sent everything or has gone. */
  constructor(source: Readable, maxBytes: number, onEnd: () => void) {
    this.#source = source;
    this.#maxBytes = maxBytes;
    const wake = () => this.#wake?.();
    source.on('readable', wake);
    source.once('end', () => {
      this.ended = true;
      onEnd();
      wake();
    });
    source.on('error', wake);
    source.once('close', () => {
      if (!this.ended) {
        this.#dropped = true;
        onEnd();
      }
      wake();
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.failure !== undefined) throw this.failure;
    const chunk = await this.#read();
    if (chunk === undefined) {
      if (this.ended) return { done: true, value: undefined };
      this.failure = new Error('the connection closed before the end of the message');
      throw this.failure;
    }
    if (this.bytes > this.#maxBytes) {
      this.failure = tooLarge(`message exceeds the size limit of ${this.#maxBytes} bytes`);
      throw this.failure;
    }
    return { done: false, value: chunk };
  }

  /** The reader wants no more bytes; the transfer goes on. */
  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    return { done: true, value: undefined };
  }

  /** Throws the rest of the message away. `over`: the client sent more than `maxBytes` beyond the limit, and has not finished. */
  async drain(): Promise<'ended' | 'dropped' | 'over'> {
    while (this.bytes <= 2 * this.#maxBytes) {
      if ((await this.#read()) === undefined) return this.ended ? 'ended' : 'dropped';
    }
    return 'over';
  }

  /** The next chunk. Undefined at the end, and if the client has left. */
  async #read(): Promise<Buffer | undefined> {
    for (;;) {
      const chunk: Buffer | null = this.#source.read();
      if (chunk !== null) {
        this.bytes += chunk.length;
        return chunk;
      }
      if (this.ended || this.#dropped) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
