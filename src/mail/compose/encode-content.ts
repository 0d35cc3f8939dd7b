/** Puts the whole content of a part into the transfer encoding that suits it best: 7bit, quoted-printable or base64 (RFC 2045 6). */
import { setImmediate } from 'node:timers/promises';
import { makeBase64Encoder, makeQuotedPrintableEncoder, type Transcoder } from '../mime/transfer-encoding.js';

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
/** RFC 5322 allows 998 octets, but some relays still break lines over 990, which also breaks the signature. */
const MAX_PLAIN_LINE = 900;

export interface EncodedContent {
  encoding: '7bit' | '8bit' | 'quoted-printable' | 'base64';
  /** The bytes after the part's head: lines that end in CRLF; the last line may have no line end. */
  content: Uint8Array;
}

/**
 * How many bytes of a text are encoded at once. A larger text is encoded in steps of this size while it is read, so that other work gets its turn.
 */
const AT_ONCE = 4 * 1024 * 1024;
const STEP = 1024 * 1024;

/** Text with any line ends; they become CRLF. Lone surrogates become U+FFFD. */
export function encodeTextContent(text: string): Pick<EncodedContent, 'encoding'> & { content: Uint8Array | AsyncIterable<Uint8Array> } {
  const given = Buffer.from(text, 'utf8');
  const facts = examine(given);
  const bytes = facts.bareLineEnds === 0 ? given : completeLineEnds(given, facts.bareLineEnds);
  if (facts.escapes === 0 && facts.longest <= MAX_PLAIN_LINE) return { encoding: '7bit', content: bytes };
  // Mostly Latin text becomes quoted-printable, so that it can be read and searched. Other text becomes base64, which is shorter for it.
  const encoding = facts.escapes * 3 > bytes.length ? 'base64' : 'quoted-printable';
  const encoder = encoding === 'base64' ? makeBase64Encoder() : makeQuotedPrintableEncoder();
  return { encoding, content: bytes.length > AT_ONCE ? encodeInSteps(encoder, bytes) : encodeWhole(encoder, bytes) };
}

async function* encodeInSteps(encoder: Transcoder, bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += STEP) {
    yield encoder.push(bytes.subarray(at, at + STEP));
    await setImmediate();
  }
  yield encoder.end();
}

/**
 * An attached message, which may not be encoded (RFC 2046 5.2.1). Line ends are completed, and it is declared 8bit if it needs to be. Lines that are
 * too long stay as they are. Undefined when it holds a NUL, which no message may hold.
 */
export function encodeMessageContent(bytes: Uint8Array): EncodedContent | undefined {
  const given = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (given.includes(0)) return undefined;
  const { bareLineEnds, eightBit } = examine(given);
  return { encoding: eightBit ? '8bit' : '7bit', content: bareLineEnds === 0 ? given : completeLineEnds(given, bareLineEnds) };
}

/** base64 in lines of 76 characters, no CRLF after the last line. */
export const encodeBase64 = (bytes: Uint8Array): Uint8Array => encodeWhole(makeBase64Encoder(), bytes);

function encodeWhole(encoder: Transcoder, bytes: Uint8Array): Uint8Array {
  const most = encoder.push(bytes);
  const rest = encoder.end();
  return rest.length === 0 ? most : Buffer.concat([most, rest]);
}

interface ContentFacts {
  /** Number of CRs and LFs that are not part of a CRLF. */
  bareLineEnds: number;
  /** Octets of the longest line. */
  longest: number;
  /** Number of octets that quoted-printable writes as three. */
  escapes: number;
  eightBit: boolean;
}

function examine(bytes: Buffer): ContentFacts {
  let bareLineEnds = 0;
  let longest = 0;
  let escapes = 0;
  let bits = 0;
  let lineStart = 0;
  const { length } = bytes;
  for (let index = 0; index < length; index++) {
    const byte = bytes[index] as number;
    if (byte >= SP && byte < 0x7f) continue;
    if (byte === CR || byte === LF) {
      if (index - lineStart > longest) longest = index - lineStart;
      if (byte === CR && bytes[index + 1] === LF) index++;
      else bareLineEnds++;
      lineStart = index + 1;
    } else if (byte !== HTAB) {
      bits |= byte;
      escapes++;
    }
  }
  return { bareLineEnds, longest: Math.max(longest, length - lineStart), escapes, eightBit: bits > 0x7f };
}

function completeLineEnds(bytes: Buffer, bareLineEnds: number): Buffer {
  const out = Buffer.allocUnsafe(bytes.length + bareLineEnds);
  let to = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] as number;
    if (byte !== CR && byte !== LF) {
      out[to++] = byte;
      continue;
    }
    out[to++] = CR;
    out[to++] = LF;
    if (byte === CR && bytes[index + 1] === LF) index++;
  }
  return out;
}
