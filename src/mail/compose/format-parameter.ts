/** Parameters of Content-Type and Content-Disposition fields in ASCII: tokens, quoted strings, or the extended form of RFC 2231. */
import { encodePhrase, isPlainText, wellFormed } from '../head/encoded-words.js';

const TOKEN = /^[A-Za-z0-9!#$&^_.+-]+$/;
/** Octets of one piece of a value, so that its line stays within 76. */
const MAX_PIECE = 52;

/** `name=value`, or `name*=utf-8''…` in as many continuations as needed, separated by `;` and a fold. The value may be any text. */
export function formatParameter(name: string, value: string): string {
  if (isPlainText(value)) return `${name}=${quoted(value)}`;
  const pieces = extendedPieces(wellFormed(value));
  if (pieces.length === 1) return `${name}*=${pieces[0]}`;
  return pieces.map((piece, index) => `${name}*${index}*=${piece}`).join(';\r\n ');
}

/**
 * A parameter for readers that do not know RFC 2231: encoded words in a quoted string. No standard allows this form, but every mail program reads
 * it.
 */
export function formatFallbackParameter(name: string, value: string): string {
  return `${name}=${isPlainText(value) ? quoted(value) : `"${encodePhrase(value).replaceAll(' ', '\r\n ')}"`}`;
}

const quoted = (value: string): string => (TOKEN.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`);

/** The value percent-encoded, in pieces that never cut a character. */
function extendedPieces(value: string): string[] {
  const pieces: string[] = [];
  let piece = "utf-8''";
  for (const char of value) {
    const encoded = TOKEN.test(char) ? char : percentEncoded(char);
    if (piece.length + encoded.length > MAX_PIECE) {
      pieces.push(piece);
      piece = '';
    }
    piece += encoded;
  }
  return [...pieces, piece];
}

/** Characters beyond ASCII are encoded as in a URL, which is faster. */
const percentEncoded = (char: string): string =>
  char > '\x7f'
    ? encodeURIComponent(char)
    : [...Buffer.from(char, 'utf8')].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
