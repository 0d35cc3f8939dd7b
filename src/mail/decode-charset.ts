/** Text of bytes in a charset that TextDecoder knows; what is malformed in it becomes U+FFFD. Throws RangeError for an unknown name. */
export function decodeCharset(charset: string, bytes: Uint8Array): string {
  const { encoding } = new TextDecoder(charset);
  // Node 20 reads windows-1252 as Latin-1 unless it is to be strict; every byte is a character of it, so strict never throws.
  return new TextDecoder(encoding, { fatal: encoding === 'windows-1252' }).decode(bytes);
}
