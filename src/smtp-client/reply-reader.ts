/**
 * Cuts what a peer says into replies (RFC 5321 4.2). In a reply of several lines the code of the last line decides. A line that belongs to no reply, or a
 * reply without end, is a fault, after which nothing more is read. No I/O.
 */
import { isUtf8 } from 'node:buffer';

export interface WireReply {
  /** 200 to 599. */
  code: number;
  /** Its lines as they came, joined by line feeds. */
  text: string;
  /** Its lines with the code of the last line, which decides, on each of them. */
  decided: string;
}

export interface ReplyReader {
  /** The replies that are complete now, in order. `fault`: says to people why what came behind them is no reply. */
  push(chunk: Buffer): { replies: WireReply[]; fault?: string };
  /** Something was said that is not a whole reply yet. */
  readonly isInside: boolean;
}

const LF = 0x0a;
const CR = 0x0d;
const LINE = /^([2-5]\d\d)(?:([ -])|$)/;
/** Of a line that is shown in a fault. */
const SHOWN = 100;

/** `maxBytes`: of one reply, with empty lines before it. */
export function makeReplyReader(maxBytes: number): ReplyReader {
  let lines: string[] = [];
  /** Of the line that is not whole yet. */
  let pieces: Buffer[] = [];
  let size = 0;

  function endLine(bytes: Buffer): WireReply | string | undefined {
    const line = readable(bytes);
    // Sent by some servers between replies; it answers nothing.
    if (line === '' && lines.length === 0) return undefined;
    const [, code, separator] = LINE.exec(line) ?? [];
    if (code === undefined) return `not a reply: ${line.slice(0, SHOWN)}`;
    lines.push(line);
    if (separator === '-') return undefined;
    const reply = { code: Number(code), text: lines.join('\n'), decided: lines.map((one) => `${code}${one.slice(3)}`).join('\n') };
    lines = [];
    size = 0;
    return reply;
  }

  return {
    push(chunk) {
      const replies: WireReply[] = [];
      for (let from = 0; from < chunk.length; ) {
        const end = chunk.indexOf(LF, from);
        const piece = chunk.subarray(from, end < 0 ? chunk.length : end);
        size += piece.length + 1;
        if (size > maxBytes) return { replies, fault: `a reply of more than ${maxBytes} bytes` };
        pieces.push(piece);
        if (end < 0) break;
        const bytes = pieces.length === 1 ? piece : Buffer.concat(pieces);
        pieces = [];
        const found = endLine(bytes);
        if (typeof found === 'string') return { replies, fault: found };
        if (found !== undefined) replies.push(found);
        from = end + 1;
      }
      return { replies };
    },
    get isInside() {
      return lines.length > 0 || pieces.length > 0;
    },
  };
}

/** The charset of replies is defined nowhere (RFC 5321 4.2.1). */
function readable(bytes: Buffer): string {
  const line = bytes[bytes.length - 1] === CR ? bytes.subarray(0, -1) : bytes;
  return line.toString(isUtf8(line) ? 'utf8' : 'latin1');
}
