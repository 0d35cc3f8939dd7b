/** Turns bytes with any line ends into wire form: every bare CR and every bare LF becomes CRLF, however the input is cut into chunks. */
import { badRequest } from '#core';

const CR = 0x0d;
const LF = 0x0a;

export const CRLF: Uint8Array = Buffer.from('\r\n');

export interface WireForm {
  /** Gives pieces in wire form. A CR at the end of a chunk is held back, so that no piece ever splits a CRLF. Throws Refusal on NUL. */
  push(chunk: Uint8Array): Uint8Array[];
  /** Completes the last line: gives a CRLF if the input did not end with a line end, otherwise nothing. */
  end(): Uint8Array[];
}

/** If nothing has to change (the usual case), the pieces are views of the chunk. */
export function makeWireForm(): WireForm {
  let heldCr = false;
  let atLineStart = true;
  return {
    push(chunk) {
      if (chunk.length === 0) return [];
      const pieces: Uint8Array[] = [];
      let start = 0;
      if (heldCr) {
        pieces.push(CRLF);
        if (chunk[0] === LF) start = 1;
        atLineStart = true;
      }
      heldCr = chunk[chunk.length - 1] === CR;
      const end = heldCr ? chunk.length - 1 : chunk.length;
      if (start >= end) return pieces;
      const bare = countBareLineEnds(chunk, start, end);
      const piece = bare === 0 ? chunk.subarray(start, end) : completeLineEnds(chunk, start, end, bare);
      atLineStart = piece[piece.length - 1] === LF;
      pieces.push(piece);
      return pieces;
    },
    end() {
      const unfinished = heldCr || !atLineStart;
      heldCr = false;
      atLineStart = true;
      return unfinished ? [CRLF] : [];
    },
  };
}

function countBareLineEnds(chunk: Uint8Array, start: number, end: number): number {
  let bare = 0;
  for (let index = start; index < end; index++) {
    const byte = chunk[index] as number;
    if (byte > CR) continue;
    if (byte === CR) {
      if (index + 1 < end && chunk[index + 1] === LF) index++;
      else bare++;
    } else if (byte === LF) bare++;
    else if (byte === 0) throw badRequest('Message contains NUL characters');
  }
  return bare;
}

function completeLineEnds(chunk: Uint8Array, start: number, end: number, bare: number): Uint8Array {
  const whole = Buffer.allocUnsafe(end - start + bare);
  let to = 0;
  for (let index = start; index < end; index++) {
    const byte = chunk[index] as number;
    if (byte !== CR && byte !== LF) {
      whole[to++] = byte;
      continue;
    }
    whole[to++] = CR;
    whole[to++] = LF;
    if (byte === CR && index + 1 < end && chunk[index + 1] === LF) index++;
  }
  return whole;
}
