/** A message as text, for where only text can go (JSON): its bytes read as UTF-8 or, where they are none, the same message in 7-bit form. */
import { parseHead } from './head-fields.js';
import { reencodeFor7Bit } from './reencode-for-7bit.js';

export interface MimeSource {
  /** Whole lines, without the empty line. */
  head: Uint8Array;
  /** From its beginning, each time it is called. */
  openBody: () => AsyncIterable<Uint8Array>;
  /** False when it is known that there is no byte over 127. */
  mayBeEightBit: boolean;
}

/** In pieces that are whole characters. Rejects only when reading the body does. */
export async function* mimeText({ head, openBody, mayBeEightBit }: MimeSource): AsyncGenerator<string> {
  if (!mayBeEightBit || (await isUtf8(head, openBody()))) {
    yield* decoded(head, openBody());
    return;
  }
  const plain = await reencodeFor7Bit(parseHead(head), openBody(), { eightBit: true, longLines: false });
  yield* decoded(Buffer.concat(plain.head.map(({ raw }) => raw)), plain.body);
}

async function* decoded(head: Uint8Array, body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  yield `${decoder.decode(head, { stream: true })}\r\n`;
  for await (const chunk of body) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

async function isUtf8(head: Uint8Array, body: AsyncIterable<Uint8Array>): Promise<boolean> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    decoder.decode(head);
    for await (const chunk of body) decoder.decode(chunk, { stream: true });
    decoder.decode();
    return true;
  } catch (error) {
    if (error instanceof TypeError && 'code' in error && error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return false;
    throw error;
  }
}
