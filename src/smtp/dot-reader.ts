/**
 * Takes the dot-stuffing off one message and finds its end, CRLF.CRLF and nothing else (RFC 5321 4.5.2), however the bytes are cut.
 * One pass, and a copy only of segments from which a dot is taken: a message of nothing but dots costs no more than another of its size.
 */

const LF_DOT = Buffer.from('\n.');
const START: Buffer = Buffer.from('\r\n');
const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;
/** From the LF in front of a dot to the LF that would end the message. */
const WINDOW = 4;

export class DotReader {
  /** Bytes that the next ones may give a meaning. A message begins as if a CRLF stood before it, which is not content. */
  #held = START;
  #notContent = 2;

  /** `content` is what the message says, perhaps a view of the chunk; `rest`, once the end was found, what follows it. Feed nothing after that. */
  feed(chunk: Buffer): { content: Buffer; rest: Buffer | undefined } {
    const data = this.#withHeld(chunk);
    let output: Buffer | undefined;
    let written = 0;
    let from = 0;
    const contentUpTo = (end: number): Buffer => {
      if (output === undefined) return this.#contentOf(data, end);
      return this.#contentOf(output, written + data.copy(output, written, from, end));
    };
    for (let at = data.indexOf(LF_DOT); at >= 0; at = data.indexOf(LF_DOT, at + 2)) {
      // The bytes behind decide, and are not here yet.
      if (at + WINDOW > data.length) break;
      const lineBegins = data[at - 1] === CR;
      if (lineBegins && data[at + 2] === CR && data[at + 3] === LF) {
        return { content: contentUpTo(at + 1), rest: data.subarray(at + WINDOW) };
      }
      // A bare LF begins no line; who doubles dots behind it takes it for one, though.
      if (lineBegins || data[at + 2] === DOT) {
        output ??= Buffer.allocUnsafe(data.length);
        written += data.copy(output, written, from, at + 1);
        from = at + 2;
      }
    }
    const keep = Math.max(from, data.length - WINDOW);
    const content = contentUpTo(keep);
    this.#held = data.subarray(keep);
    return { content, rest: undefined };
  }

  /** What stands before the first chunk matters only to a dot that begins it. */
  #withHeld(chunk: Buffer): Buffer {
    if (this.#held !== START || chunk.length === 0 || chunk[0] === DOT) return Buffer.concat([this.#held, chunk]);
    this.#notContent = 0;
    return chunk;
  }

  #contentOf(output: Buffer, length: number): Buffer {
    const skip = Math.min(this.#notContent, length);
    this.#notContent -= skip;
    return output.subarray(skip, length);
  }
}
