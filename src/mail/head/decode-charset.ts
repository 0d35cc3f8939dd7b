/** Decodes bytes in a charset that TextDecoder knows; malformed bytes become U+FFFD. Throws RangeError for an unknown name. */
export function decodeCharset(charset: string, bytes: Uint8Array): string {
  const decoder = new TextDecoder(charset);
  // Node 20 reads windows-1252 as Latin-1 unless it decodes a stream. In this charset every byte is a whole character, so one piece is complete.
  return decoder.decode(bytes, { stream: decoder.encoding === 'windows-1252' });
}
