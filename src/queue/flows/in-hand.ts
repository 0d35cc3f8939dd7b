/** Knows which deliveries are in memory or in somebody's hands, and says when they are so many, or their variables so large, that little more may be read. */

import { makeReads, type Read } from './reads.js';

/** Deliveries above which little is read. */
const MANY = 50_000;
/** Bytes of recipients' variables, as JSON, above which single rows are read. */
const LARGE = 64 * 1024 * 1024;
const SHORT_READ = 16;

export class InHand {
  readonly #ids = new Set<number>();
  /** Bytes of the variables, for deliveries that have any. */
  readonly #sizes = new Map<number, number>();
  #bytes = 0;
  readonly #reads = makeReads();

  has(id: number): boolean {
    return this.#ids.has(id);
  }

  /** `bytes`: size of its variables. */
  add(id: number, bytes = 0): void {
    this.#ids.add(id);
    if (bytes === 0 || this.#sizes.has(id)) return;
    this.#sizes.set(id, bytes);
    this.#bytes += bytes;
  }

  delete(id: number): void {
    if (this.#ids.delete(id)) this.#reads.left(id);
    const bytes = this.#sizes.get(id);
    if (bytes === undefined) return;
    this.#sizes.delete(id);
    this.#bytes -= bytes;
  }

  /** A read of rows begins: call end() when its rows are in memory. */
  startRead(): Read {
    return this.#reads.start();
  }

  get isCrowded(): boolean {
    return this.#ids.size > MANY || this.#bytes > LARGE;
  }

  /** How many rows of a flow may be read, at most `wanted`. */
  readLimit(wanted: number): number {
    if (this.#bytes > LARGE) return 1;
    return this.#ids.size > MANY ? SHORT_READ : wanted;
  }
}
