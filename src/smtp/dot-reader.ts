/**
 * Takes the dot-stuffing off one message and finds its end, which is CRLF.CRLF and nothing else (RFC 5321 4.5.2), however the bytes are cut into
 * chunks. It makes one pass, and copies only chunks from which a dot is taken, so a message of nothing but dots costs no more than another of its
 * size.
 */

const LF_DOT = Buffer.from('\n.');
const START: Buffer = Buffer.from('\r\n');
const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;
/** The number of bytes from the LF in front of a dot to the LF that would end the message. */
const WINDOW = 4;

export class DotReader {
  /** The last bytes, whose meaning depends on the bytes to come. A message begins as if it followed a CRLF, which is not part of it. */
  #held = START;
  #notContent = 2;

  /**
   * `content`: bytes of the message, perhaps a view of the chunk. `rest`: given once the end was found, the bytes behind it; feed nothing after
   * that.
   */
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
      // The bytes behind the dot decide what it is, and are not here yet.
      if (at + WINDOW > data.length) break;
      const lineBegins = data[at - 1] === CR;
      if (lineBegins && data[at + 2] === CR && data[at + 3] === LF) {
        return { content: contentUpTo(at + 1), rest: data.subarray(at + WINDOW) };
      }
      // A bare LF ends no line. A client that doubles the dot behind it takes it for a line end, though, so one dot goes.
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

  /** The CRLF before the first chunk matters only if the chunk begins with a dot. */
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
