/** What one line of a head is. */
const SP = 0x20;
const HTAB = 0x09;
const COLON = 0x3a;
/** A field name longer than this (with white space before its colon) is not taken for one. */
const MAX_NAME = 255;

/**
 * Is this line a header field? Printable ASCII, perhaps white space, a colon (RFC 5322 2.2 and 4.5).
 * 'unknown' when the line is not complete and may still become one.
 */
export function lineKind(bytes: Uint8Array, start: number, end: number): 'field' | 'other' | 'unknown' {
  const limit = Math.min(end, start + MAX_NAME);
  let spaced = false;
  for (let index = start; index < limit; index++) {
    const byte = bytes[index] as number;
    if (byte === COLON) return index > start ? 'field' : 'other';
    if (byte === SP || byte === HTAB) {
      if (index === start) return 'other';
      spaced = true;
    } else if (spaced || byte <= SP || byte > 0x7e) return 'other';
  }
  return limit < end || end - start >= MAX_NAME ? 'other' : 'unknown';
}

export const isBlankByte = (byte: number | undefined): boolean => byte === SP || byte === HTAB;
