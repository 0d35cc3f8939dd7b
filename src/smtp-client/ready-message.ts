/**
 * A message in memory as it goes over the wire, final dot included, for the usual case that no byte of it needs another one beside it. Any other
 * message goes through a WireSource, where the library doubles dots and completes line ends.
 */
import type { WireHooks } from './wire-source.js';

const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;
const END = Buffer.from('.\r\n');

export class ReadyMessage {
  /** The peer said go ahead, and everything was handed over: one write is all there is. */
  started = false;
  readonly bytes: Buffer;
  #hooks: WireHooks | undefined;

  private constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Undefined when a line begins with a dot, a line end is not CRLF, or the last line has none. */
  static of(pieces: readonly Uint8Array[]): ReadyMessage | undefined {
    const bytes = Buffer.concat([...pieces, END]);
    return isPlain(bytes, bytes.length - END.length) ? new ReadyMessage(bytes) : undefined;
  }

  get ended(): boolean {
    return this.started;
  }

  observe(hooks: WireHooks): void {
    this.#hooks = hooks;
  }

  /** Called in place of the write. */
  leave(): Buffer {
    this.started = true;
    this.#hooks?.onStart();
    this.#hooks?.onEnd();
    return this.bytes;
  }

  /** Nothing is held that would have to be let go. */
  discard(): void {}
}

function isPlain(bytes: Buffer, end: number): boolean {
  if (end < 2 || bytes[end - 1] !== LF || bytes[0] === DOT) return false;
  for (let index = 0; index < end; index++) {
    const byte = bytes[index] as number;
    if (byte > CR) continue;
    if (byte === LF) return false;
    if (byte !== CR) continue;
    if (bytes[++index] !== LF) return false;
    // Behind the last line end stands the final dot.
    if (bytes[index + 1] === DOT && index + 1 < end) return false;
  }
  return true;
}
