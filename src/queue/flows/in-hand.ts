/** Which deliveries are in memory or in somebody's hands, and when these are so many, or their variables so large, that no more should come. */

import { makeReads, type Read } from './reads.js';

/** Deliveries above which little is read. */
const MANY = 50_000;
/** Bytes of recipients' variables, as JSON, above which least is read. */
const LARGE = 64 * 1024 * 1024;
const SHORT_READ = 16;

export class InHand {
  readonly #ids = new Set<number>();
  /** Of those that have variables, bytes. */
  readonly #sizes = new Map<number, number>();
  #bytes = 0;
  readonly #reads = makeReads();

  has(id: number): boolean {
    return this.#ids.has(id);
  }

  /** `bytes`: what its variables take. */
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

  /** A read of rows begins: call end() when what it answered is in memory. */
  startRead(): Read {
    return this.#reads.start();
  }

  get isCrowded(): boolean {
    return this.#ids.size > MANY || this.#bytes > LARGE;
  }

  /** Rows to read of a flow that would like to have `wanted`. */
  readLimit(wanted: number): number {
    if (this.#bytes > LARGE) return 1;
    return this.#ids.size > MANY ? SHORT_READ : wanted;
  }
}
