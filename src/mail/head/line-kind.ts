/** Tells what a line of a head is. */
const SP = 0x20;
const HTAB = 0x09;
const COLON = 0x3a;
/** A line whose name (with white space before the colon) is longer than this is not taken for a field. */
const MAX_NAME = 255;

/**
 * Whether a line is a header field: printable ASCII, optional white space, a colon (RFC 5322 2.2 and 4.5). 'unknown' if the line is incomplete and
 * may still become a field.
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
