/** Text beyond ASCII in header values: encodes and decodes RFC 2047 encoded words, and encodes RFC 2231 parameters. */
import { buildHeaderValue, encodeWord, encodeWords, parseHeaderValue } from 'nodemailer/lib/mime-funcs';
import { decodeCharset } from './decode-charset.js';

const PLAIN = /^[\t\x20-\x7e]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: controls need an encoded word of their own
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;
const MAX_ENCODED_WORD = 52;

/** Lone surrogates become U+FFFD, as in any conversion to UTF-8. The encoder of the library would throw on them. */
export const wellFormed = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');

export const isPlainText = (text: string): boolean => PLAIN.test(text);

/** Q for mostly Latin letters, B for other text: the choice that is shorter and easier to read. */
function wordEncoding(text: string): 'Q' | 'B' {
  let latin = 0;
  let other = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7e || code < 0x20) other++;
    else if ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) latin++;
  }
  return other < latin ? 'Q' : 'B';
}

/** The whole text as encoded words. Each word holds whole characters and at most 75 octets. */
export function encodePhrase(text: string): string {
  return encodeWord(wellFormed(text), wordEncoding(text), MAX_ENCODED_WORD);
}

/**
 * An unstructured value in ASCII. Plain text stays as it is; otherwise the text from the first word that needs encoding to the last one is encoded.
 */
export function encodeText(text: string): string {
  if (isPlainText(text)) return text;
  if (CONTROL.test(text)) return encodePhrase(text);
  return encodeWords(wellFormed(text), wordEncoding(text), MAX_ENCODED_WORD, false);
}

/** A Content-Type or Content-Disposition value in ASCII; parameters beyond ASCII are written as RFC 2231 says. */
export function encodeParameters(text: string): string {
  return isPlainText(text) ? text : buildHeaderValue(parseHeaderValue(wellFormed(text)));
}

const ENCODED_WORD = /=\?([^?*\s]{1,40})(?:\*[^?\s]{0,20})?\?([BbQq])\?([^?]*)\?=/g;

/** Adjacent encoded words of one charset. They are decoded together, because a character may be split over two words. */
interface Words {
  charset: string;
  bytes: Buffer[];
}

/**
 * Decodes RFC 2047 encoded words for people to read, as leniently as mail programs do. A word with an unknown charset stays as written. Line breaks
 * and other controls become spaces, even if they were encoded.
 */
export function decodeHeaderText(value: string): string {
  if (!value.includes('=?') && isPlainText(value) && !value.includes('\t')) return value.trim();
  let text = '';
  let from = 0;
  let waiting: Words | undefined;
  const release = () => {
    if (waiting) text += decodeCharset(waiting.charset, Buffer.concat(waiting.bytes));
    waiting = undefined;
  };
  for (const match of value.matchAll(ENCODED_WORD)) {
    const between = value.slice(from, match.index);
    const charset = (match[1] ?? '').toLowerCase();
    if (charset !== waiting?.charset && !isKnownCharset(charset)) continue;
    const bytes = decodeWord(match[2] ?? '', match[3] ?? '');
    // White space between two encoded words is not part of the text.
    const adjoins = waiting !== undefined && /^[ \t\r\n]*$/.test(between);
    if (!adjoins || waiting?.charset !== charset) release();
    if (!adjoins) text += between;
    waiting ??= { charset, bytes: [] };
    waiting.bytes.push(bytes);
    from = match.index + match[0].length;
  }
  release();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
  return (text + value.slice(from)).replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').trim();
}

function decodeWord(encoding: string, text: string): Buffer {
  if (encoding === 'B' || encoding === 'b') return Buffer.from(text, 'base64');
  const literal = text
    .replaceAll('_', ' ')
    .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return isPlainText(text) ? Buffer.from(literal, 'latin1') : Buffer.from(literal, 'utf8');
}

function isKnownCharset(charset: string): boolean {
  try {
    return new TextDecoder(charset) !== undefined;
  } catch {
    return false;
  }
}
