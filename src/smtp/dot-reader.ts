/**
 * Takes the dot-stuffing off one message and finds its end, CRLF.CRLF and nothing else (RFC 5321 4.5.2), however the bytes are cut.
 * One pass with one copy per segment: a message of nothing but dots costs no more than another of its size.
 */

const LF_DOT = Buffer.from('\n.');
const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;
/** From the LF in front of a dot to the LF that would end the message. */
const WINDOW = 4;

export class DotReader {
  /** Bytes that the next ones may give a meaning. A message begins as if a CRLF stood before it, which is not content. */
  #held: Buffer = Buffer.from('\r\n');
  #notContent = 2;

  /** `content` is what the message says; `rest`, once the end was found, what follows it. Feed nothing after that. */
  feed(chunk: Buffer): { content: Buffer; rest: Buffer | undefined } {
    const data = Buffer.concat([this.#held, chunk]);
    const output = Buffer.allocUnsafe(data.length);
    let written = 0;
    let from = 0;
    for (let at = data.indexOf(LF_DOT); at >= 0; at = data.indexOf(LF_DOT, at + 2)) {
      // The bytes behind decide, and are not here yet.
      if (at + WINDOW > data.length) break;
      const lineBegins = data[at - 1] === CR;
      if (lineBegins && data[at + 2] === CR && data[at + 3] === LF) {
        written += data.copy(output, written, from, at + 1);
        return { content: this.#contentOf(output, written), rest: data.subarray(at + WINDOW) };
      }
      // A bare LF begins no line; who doubles dots behind it takes it for one, though.
      if (lineBegins || data[at + 2] === DOT) {
        written += data.copy(output, written, from, at + 1);
        from = at + 2;
      }
    }
    const keep = Math.max(from, data.length - WINDOW);
    written += data.copy(output, written, from, keep);
    this.#held = data.subarray(keep);
    return { content: this.#contentOf(output, written), rest: undefined };
  }

  #contentOf(output: Buffer, length: number): Buffer {
    const skip = Math.min(this.#notContent, length);
    this.#notContent -= skip;
    return output.subarray(skip, length);
  }
}
