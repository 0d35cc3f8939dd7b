/** Streaming content transfer encodings (RFC 2045 6). The result does not depend on how the input is cut into chunks. */

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const DASH = 0x2d;
const EQUALS = 0x3d;
const HEX = Buffer.from('0123456789ABCDEF');
const MAX_QP_COLUMN = 75;
const BASE64_LINE = 76;
const BASE64_BYTES = 57;
/** White space before a line end is dropped, but a run longer than this is kept. */
const MAX_HELD_BLANKS = 65_536;

/** 1 for printable ASCII except SP and the equals sign. */
const GRAPHIC = Uint8Array.from({ length: 256 }, (_, byte) => (byte > SP && byte < 0x7f && byte !== EQUALS ? 1 : 0));

/** Turns bytes into other bytes. `end` gives the bytes that are still held. */
export interface Transcoder {
  push(bytes: Uint8Array): Uint8Array;
  end(): Uint8Array;
}

/**
 * Quoted-printable of text in wire form: CRLF stays a line break, everything else decodes to the same byte. A dash at the beginning of a line is
 * encoded, so that no line can look like a delimiter.
 */
export function makeQuotedPrintableEncoder(): Transcoder {
  let column = 0;
  let blank = 0; // a SP or HTAB whose encoding depends on the next byte
  let heldCr = false;
  let out = Buffer.alloc(0);
  let to = 0;

  function room(size: number): void {
    if (column + size <= MAX_QP_COLUMN) return;
    out[to++] = EQUALS;
    out[to++] = CR;
    out[to++] = LF;
    column = 0;
  }
  function literal(byte: number): void {
    room(1);
    out[to++] = byte;
    column++;
  }
  /** Copies octets that never need encoding, at most to the end of the line. In usual text these are most octets. Gives how many were copied. */
  function literalRun(bytes: Uint8Array, start: number): number {
    let index = start;
    for (; column < MAX_QP_COLUMN; column++) {
      const byte = bytes[index] as number;
      if (GRAPHIC[byte] !== 1 && !(byte === SP && GRAPHIC[bytes[index + 1] as number] === 1)) break;
      out[to++] = byte;
      index++;
    }
    return index - start;
  }
  function escaped(byte: number): void {
    room(3);
    out[to++] = EQUALS;
    out[to++] = HEX[byte >> 4] as number;
    out[to++] = HEX[byte & 15] as number;
    column += 3;
  }
  function text(byte: number): void {
    if (blank !== 0) literal(blank);
    blank = 0;
    if (byte === SP || byte === HTAB) blank = byte;
    else if (byte < SP || byte > 0x7e || byte === EQUALS) escaped(byte);
    else if (byte === DASH && (column === 0 || column === MAX_QP_COLUMN)) escaped(byte);
    else literal(byte);
  }
  function lineEnd(): void {
    if (blank !== 0) escaped(blank);
    blank = 0;
    out[to++] = CR;
    out[to++] = LF;
    column = 0;
  }
  return {
    push(bytes) {
      // Every octet may become three, and there may be a soft line break of three octets for every 73.
      out = Buffer.allocUnsafe(Math.ceil(bytes.length * 3.2) + 64);
      to = 0;
      for (let index = 0; index < bytes.length; index++) {
        if (column > 0 && blank === 0 && !heldCr) index += literalRun(bytes, index);
        const byte = bytes[index];
        if (byte === undefined) break;
        if (heldCr) {
          heldCr = false;
          if (byte === LF) {
            lineEnd();
            continue;
          }
          text(CR);
        }
        if (byte === CR) heldCr = true;
        else text(byte);
      }
      return out.subarray(0, to);
    },
    end() {
      out = Buffer.allocUnsafe(32);
      to = 0;
      if (heldCr) text(CR);
      if (blank !== 0) escaped(blank);
      heldCr = false;
      blank = 0;
      return out.subarray(0, to);
    },
  };
}

const hexValue = (byte: number): number => {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const upper = byte & 0xdf;
  return upper >= 0x41 && upper <= 0x46 ? upper - 0x37 : -1;
};

/** Decodes quoted-printable leniently: an invalid escape stays as it is, and white space before a line end is dropped. */
export function makeQuotedPrintableDecoder(): Transcoder {
  let held: number[] = []; // an incomplete escape, or blanks that a line end may follow
  const isBlank = (byte: number | undefined) => byte === SP || byte === HTAB;

  /** False if the byte cannot continue what is held. Then the held bytes have been released, and the byte must be handled by itself. */
  function extend(byte: number, out: number[]): boolean {
    const first = held[0];
    if (first === undefined) return false;
    if (first === EQUALS) {
      const second = held[1];
      if (second === undefined && (hexValue(byte) >= 0 || byte === CR || isBlank(byte))) return held.push(byte) > 0;
      if (second === CR || isBlank(second)) {
        if (byte === LF && held.at(-1) === CR) held = [];
        else if ((isBlank(byte) || byte === CR) && held.at(-1) !== CR && held.length < MAX_HELD_BLANKS) held.push(byte);
        else return release(out);
        return true;
      }
      if (second === undefined && byte === LF) held = [];
      else if (second !== undefined && hexValue(byte) >= 0) {
        out.push((hexValue(second) << 4) | hexValue(byte));
        held = [];
      } else return release(out);
      return true;
    }
    if (isBlank(byte) && held.length < MAX_HELD_BLANKS) return held.push(byte) > 0;
    if (byte === CR || byte === LF) held = [];
    return release(out);
  }
  function release(out: number[]): false {
    for (const byte of held) out.push(byte);
    held = [];
    return false;
  }
  return {
    push(bytes) {
      const out: number[] = [];
      for (const byte of bytes) {
        if (extend(byte, out)) continue;
        if (byte === EQUALS || isBlank(byte)) held = [byte];
        else out.push(byte);
      }
      return Buffer.from(out);
    },
    end() {
      const out: number[] = [];
      // An equals sign at the very end is a soft line break; its line end belongs to the delimiter.
      const isSoftBreak = held[0] === EQUALS && held.slice(1).every((byte) => isBlank(byte) || byte === CR);
      if (!isBlank(held[0]) && !isSoftBreak) release(out);
      held = [];
      return Buffer.from(out);
    },
  };
}

/** base64 in lines of 76 characters, with CRLF between lines and none after the last one. */
export function makeBase64Encoder(): Transcoder {
  const lines = makeLineWrapper();
  let rest: Uint8Array = Buffer.alloc(0);
  return {
    push(bytes) {
      const all = rest.length > 0 ? Buffer.concat([rest, bytes]) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const whole = all.length - (all.length % BASE64_BYTES);
      rest = Buffer.from(all.subarray(whole));
      return lines(Buffer.from(all.toString('base64', 0, whole), 'latin1'));
    },
    end: () => lines(Buffer.from(Buffer.from(rest).toString('base64'), 'latin1')),
  };
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=';
/** 1 for the characters of the base64 alphabet and its padding. */
const BASE64_ALPHABET = Uint8Array.from({ length: 256 }, (_, byte) => (BASE64.includes(String.fromCharCode(byte)) ? 1 : 0));

/** Wraps base64 again in lines of 76 characters. Characters outside its alphabet are dropped, as decoders do. */
export function makeBase64Rewrapper(): Transcoder {
  const lines = makeLineWrapper();
  return {
    push(bytes) {
      const kept = Buffer.allocUnsafe(bytes.length);
      let to = 0;
      for (const byte of bytes) if (BASE64_ALPHABET[byte] === 1) kept[to++] = byte;
      return lines(kept.subarray(0, to));
    },
    end: () => Buffer.alloc(0),
  };
}

function makeLineWrapper(): (text: Buffer) => Buffer {
  let column = 0;
  return (text) => {
    const out = Buffer.allocUnsafe(text.length + 2 * (Math.floor((column + text.length) / BASE64_LINE) + 1));
    let to = 0;
    let from = 0;
    while (from < text.length) {
      if (column === BASE64_LINE) {
        out[to++] = CR;
        out[to++] = LF;
        column = 0;
      }
      const taken = Math.min(BASE64_LINE - column, text.length - from);
      text.copy(out, to, from, from + taken);
      to += taken;
      from += taken;
      column += taken;
    }
    return out.subarray(0, to);
  };
}

/** Counts how many bytes base64 text decodes to. */
export function makeBase64Counter(): { push(bytes: Uint8Array): void; size(): number } {
  let digits = 0;
  return {
    push(bytes) {
      for (const byte of bytes) if (BASE64_ALPHABET[byte] === 1 && byte !== EQUALS) digits++;
    },
    size: () => Math.floor((digits * 3) / 4),
  };
}
