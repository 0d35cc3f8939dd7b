/**
 * A whole message as text, for JSON and other places that hold only text. Bytes that are valid UTF-8 are read as such; otherwise the message is
 * brought into 7-bit form first.
 */
import { isUtf8 } from 'node:buffer';
import { decodeCharset } from '../head/decode-charset.js';
import { type HeadField, parseHead } from '../head/head-fields.js';
import { reencodeFor7Bit } from '../mime/reencode-for-7bit.js';

export interface MimeSource {
  /** Whole lines, without the empty line after them. */
  head: Uint8Array;
  /** Opens the body, each time from its beginning. */
  openBody: () => AsyncIterable<Uint8Array>;
  /** False if it is known that there is no byte over 127. */
  mayBeEightBit: boolean;
}

/** Gives pieces that never cut a character. Rejects only when reading the body fails. */
export async function* mimeText({ head, openBody, mayBeEightBit }: MimeSource): AsyncGenerator<string> {
  if (!mayBeEightBit || (isUtf8(head) && (await isUtf8Stream(openBody())))) {
    yield* decoded(parseHead(head), openBody());
    return;
  }
  const plain = await reencodeFor7Bit(parseHead(head), openBody(), { eightBit: true, longLines: false, breaksSeals: true });
  yield* decoded(plain.head, plain.body);
}

/** A field that is not UTF-8 is in an older 8-bit charset. */
const textOf = ({ raw }: HeadField): string => (isUtf8(raw) ? raw.toString('utf8') : decodeCharset('windows-1252', raw));

async function* decoded(head: readonly HeadField[], body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  yield `${head.map(textOf).join('')}\r\n`;
  for await (const chunk of body) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

async function isUtf8Stream(body: AsyncIterable<Uint8Array>): Promise<boolean> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of body) decoder.decode(chunk, { stream: true });
    decoder.decode();
    return true;
  } catch (error) {
    if (error instanceof TypeError && 'code' in error && error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return false;
    throw error;
  }
}
