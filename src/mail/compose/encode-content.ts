/** Puts the whole content of a part into the transfer encoding that suits it best: 7bit, quoted-printable or base64 (RFC 2045 6). */
import { setImmediate } from 'node:timers/promises';
import { makeBase64Encoder, makeQuotedPrintableEncoder, type Transcoder } from '../mime/transfer-encoding.js';

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
/** RFC 5322 allows 998 octets, but some relays still break lines over 990, and with them the signature. */
const MAX_PLAIN_LINE = 900;

export interface EncodedContent {
  encoding: '7bit' | '8bit' | 'quoted-printable' | 'base64';
  /** What follows the part's head: lines of CRLF, the last one perhaps without. */
  content: Uint8Array;
}

/** Bytes of a text that are encoded at once; a larger one is encoded in steps of as many while it is read, so that others have their turn. */
const AT_ONCE = 4 * 1024 * 1024;
const STEP = 1024 * 1024;

/** Text with any line ends, whose line ends become CRLF. Lone surrogates become U+FFFD. */
export function encodeTextContent(text: string): Pick<EncodedContent, 'encoding'> & { content: Uint8Array | AsyncIterable<Uint8Array> } {
  const given = Buffer.from(text, 'utf8');
  const facts = examine(given);
  const bytes = facts.bareLineEnds === 0 ? given : completeLineEnds(given, facts.bareLineEnds);
  if (facts.escapes === 0 && facts.longest <= MAX_PLAIN_LINE) return { encoding: '7bit', content: bytes };
  // Quoted-printable for what is mostly Latin letters, so that it can be read and searched; base64 for the rest, of which it makes less.
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
 * An attached message, which may not be encoded (RFC 2046 5.2.1): line ends are completed, and it is called 8bit when it needs to be. Lines that are
 * too long stay. Undefined when it holds a NUL, which no message may.
 */
export function encodeMessageContent(bytes: Uint8Array): EncodedContent | undefined {
  const given = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (given.includes(0)) return undefined;
  const { bareLineEnds, eightBit } = examine(given);
  return { encoding: eightBit ? '8bit' : '7bit', content: bareLineEnds === 0 ? given : completeLineEnds(given, bareLineEnds) };
}

/** base64 in lines of 76, no CRLF after the last. */
export const encodeBase64 = (bytes: Uint8Array): Uint8Array => encodeWhole(makeBase64Encoder(), bytes);

function encodeWhole(encoder: Transcoder, bytes: Uint8Array): Uint8Array {
  const most = encoder.push(bytes);
  const rest = encoder.end();
  return rest.length === 0 ? most : Buffer.concat([most, rest]);
}

interface ContentFacts {
  /** CR or LF without the other. */
  bareLineEnds: number;
  /** Octets of the longest line. */
  longest: number;
  /** Octets that quoted-printable writes as three. */
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
