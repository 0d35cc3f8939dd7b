/** The text of a text part: undoes its transfer encoding and charset, as leniently as mail programs do. */
import { parseHeaderValue } from 'nodemailer/lib/mime-funcs';
import { decodeCharset } from '../head/decode-charset.js';
import { firstValue } from '../head/head-fields.js';
import type { MimePart } from './mime-part.js';
import { makeQuotedPrintableDecoder } from './transfer-encoding.js';

/** Lower case. If the part names no charset or an unknown one, `utf-8`, because most such text is in UTF-8. */
export function charsetOf(part: MimePart): string {
  const value = (firstValue(part.fields, 'content-type') ?? '').slice(0, 16_384);
  const given = parseHeaderValue(value, { stripComments: true }).params.charset?.trim().toLowerCase() ?? '';
  try {
    return new TextDecoder(given).encoding;
  } catch {
    return 'utf-8';
  }
}

/** `content` is the whole content of the part in wire form, as it stands in the message. Line ends stay as they are. */
export function textOfPart(part: MimePart, content: Uint8Array): string {
  return decodeCharset(charsetOf(part), decodeContent(part.encoding, content));
}

/** Undoes a content transfer encoding. `encoding` is in lower case. */
export function decodeContent(encoding: string, content: Uint8Array): Uint8Array {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (encoding === 'base64') return Buffer.from(bytes.toString('latin1'), 'base64');
  if (encoding !== 'quoted-printable') return bytes;
  const decoder = makeQuotedPrintableDecoder();
  return Buffer.concat([decoder.push(bytes), decoder.end()]);
}
