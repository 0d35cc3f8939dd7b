/**
 * Undoes a content transfer encoding while the content streams by. Lenient: characters outside the encoding's alphabet are skipped (RFC 2045 6.7,
 * 6.8).
 */
import { makeQuotedPrintableDecoder, type Transcoder } from './transfer-encoding.js';

const NOTHING: Uint8Array = Buffer.alloc(0);

/** `encoding` is in lower case. For an unknown encoding the bytes stay as they are. */
export function makeTransferDecoder(encoding: string): Transcoder {
  if (encoding === 'base64') return makeBase64Decoder();
  if (encoding === 'quoted-printable') return makeQuotedPrintableDecoder();
  return { push: (bytes) => bytes, end: () => NOTHING };
}

/** Four digits make three bytes. Digits left at the end of a chunk are kept for the next one. */
function makeBase64Decoder(): Transcoder {
  let rest = '';
  return {
    push(bytes) {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
      const digits = rest + text.replace(/[^A-Za-z0-9+/]+/g, '');
      const whole = digits.length - (digits.length % 4);
      rest = digits.slice(whole);
      return Buffer.from(digits.slice(0, whole), 'base64');
    },
    end() {
      const last = Buffer.from(rest, 'base64');
      rest = '';
      return last;
    },
  };
}
