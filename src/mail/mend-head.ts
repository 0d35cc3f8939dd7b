/** Mends what old clients do to their fields and readers understand differently: white space before the colon, lines of nothing but white space. */

const SPACED_NAME = /^([\x21-\x39\x3b-\x7e]{1,255})[ \t]+:/gm;
const BLANK_LINE = /\r\n[ \t]+(?=\r\n)/g;

/** `head` is whole fields in wire form. The same bytes come back when nothing was to mend. */
export function mendHead(head: Buffer): Buffer {
  const text = head.toString('latin1');
  const mended = text.replace(SPACED_NAME, '$1:').replace(BLANK_LINE, '');
  return mended.length === text.length ? head : Buffer.from(mended, 'latin1');
}
