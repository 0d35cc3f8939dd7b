/** Seeded random mutations of a corpus: the same seed gives the same bytes on every machine. */

export type Random = () => number;

/** Numbers in [0, 1) (mulberry32). */
export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const TOKENS = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\r\n ',
  '\r\n\t\r\n',
  ':',
  '--b',
  '--',
  '\r\n--b\r\n',
  '\r\n--b--\r\n',
  '\r\n--c\r\n',
  '=',
  '=\r\n',
  '=3D',
  '=?utf-8?Q?=C3?=',
  'é',
  '\u2028',
  '(',
  '"',
  '<',
  '>',
  ';',
  ',',
  'boundary=b',
  'Content-Type: multipart/mixed; boundary=b\r\n',
  'Content-Type: message/rfc822\r\n',
  'Content-Transfer-Encoding: base64\r\n',
  'Content-Transfer-Encoding: quoted-printable\r\n',
  'Content-Transfer-Encoding: binary\r\n',
  'x'.repeat(1000),
  ' '.repeat(1000),
];

export function mutate(original: Uint8Array, random: Random): Buffer {
  let bytes = Buffer.from(original);
  const at = () => Math.floor(random() * (bytes.length + 1));
  for (let count = 1 + Math.floor(random() * 6); count > 0; count--) {
    const [from, to] = [at(), at()].sort((one, other) => one - other) as [number, number];
    const kind = random();
    if (kind < 0.5) {
      const token = Buffer.from(TOKENS[Math.floor(random() * TOKENS.length)] ?? '');
      bytes = Buffer.concat([bytes.subarray(0, from), token, bytes.subarray(from)]);
    } else if (kind < 0.7) {
      // Zero once in a while: the reader refuses it, and nothing after it would be tried.
      if (from < bytes.length) bytes[from] = random() < 0.02 ? 0 : 1 + Math.floor(random() * 255);
    } else if (kind < 0.8) bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(Math.min(to, from + 40))]);
    else if (kind < 0.9) bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(from, Math.min(to, from + 200)), bytes.subarray(to)]);
    else if (kind < 0.93) bytes = bytes.subarray(0, to);
    else bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(from, from + 1), bytes.subarray(from)]);
  }
  return Buffer.from(bytes);
}

/** Cuts bytes at random places, empty chunks included. */
export function cutAtRandom(bytes: Uint8Array, random: Random): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const largest = random() < 0.5 ? 4 : 300;
  for (let start = 0; start < bytes.length; ) {
    const size = Math.floor(random() * largest);
    chunks.push(bytes.subarray(start, start + size));
    start += size;
  }
  return chunks;
}
