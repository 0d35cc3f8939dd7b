/** Text of bytes in a charset that TextDecoder knows; what is malformed in it becomes U+FFFD. Throws RangeError for an unknown name. */
export function decodeCharset(charset: string, bytes: Uint8Array): string {
  const decoder = new TextDecoder(charset);
  // Node 20 reads windows-1252 as Latin-1 unless it comes in pieces; no byte of it waits for another, so one piece is all.
  return decoder.decode(bytes, { stream: decoder.encoding === 'windows-1252' });
}
