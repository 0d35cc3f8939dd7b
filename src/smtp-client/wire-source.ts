/** The bytes of one message on their way into the DATA phase, which knows whether the first and the last of them have left. */
import { Readable } from 'node:stream';

export interface WireHooks {
  /** The peer said 354 and the first bytes are asked for. */
  onStart: () => void;
  /** All bytes have been handed over; the final dot follows at once. */
  onEnd: () => void;
}

export class WireSource extends Readable {
  /** Bytes were asked for: the peer said go ahead. */
  started = false;
  /** Everything was handed over: the peer may have seen the final dot. */
  ended = false;
  readonly #whole: Uint8Array[];
  readonly #rest: AsyncIterator<Uint8Array> | undefined;
  #hooks: WireHooks | undefined;

  /** `first` is in memory; `rest`, when given, is pulled as the peer takes it. An error of `rest` ends the stream without a final dot. */
  constructor(first: Uint8Array[], rest?: AsyncIterable<Uint8Array>) {
    super({ highWaterMark: 64 * 1024 });
    this.#whole = first;
    this.#rest = rest?.[Symbol.asyncIterator]();
  }

  /** All of it is in memory. */
  get isWhole(): boolean {
    return this.#rest === undefined;
  }

  observe(hooks: WireHooks): void {
    this.#hooks = hooks;
  }

  override _read(): void {
    if (!this.started) {
      this.started = true;
      this.#hooks?.onStart();
      // One chunk, so that a small message and its dot share a segment.
      this.push(this.#whole.length === 1 ? this.#whole[0] : Buffer.concat(this.#whole));
      if (this.#rest === undefined) this.#finish();
      return;
    }
    if (this.#rest !== undefined && !this.ended) void this.#pull(this.#rest);
  }

  async #pull(rest: AsyncIterator<Uint8Array>): Promise<void> {
    try {
      const next = await rest.next();
      if (this.destroyed) return;
      if (next.done === true) this.#finish();
      else if (next.value.byteLength === 0) await this.#pull(rest);
      else this.push(next.value);
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #finish(): void {
    this.ended = true;
    this.#hooks?.onEnd();
    this.push(null);
  }

  /** Not all of it was wanted. */
  discard(): void {
    this.on('error', () => undefined).destroy();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // Lets an open file go when the peer did not want all of it.
    if (this.#rest?.return && !this.ended)
      this.#rest.return().then(
        () => done(error),
        () => done(error),
      );
    else done(error);
  }
}
