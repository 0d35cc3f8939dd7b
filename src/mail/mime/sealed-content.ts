/** What was signed or encrypted goes as it is or not at all: passes bytes on unchanged, and throws where a peer could not take them so. */

const LF = 0x0a;
const CR = 0x0d;
const MAX_LINE = 998;

/** `eightBit`: there is a byte over 127; `longLine`: a line over 998 octets. */
export type Unfitness = 'eightBit' | 'longLine';

/** A part that may not be changed would have to be. */
export class SealedContent extends Error {
  override readonly name = 'SealedContent';
  readonly unfitness: Unfitness;

  constructor(unfitness: Unfitness) {
    super(`signed or encrypted content that would have to be encoded anew: ${unfitness}`);
    this.unfitness = unfitness;
  }
}

/** Counts lines over chunks. The check is given pieces of one body in order; what is not given to it may only be whole lines. */
export function makeSealCheck(needs: { eightBit: boolean; longLines: boolean }): (bytes: Uint8Array) => Uint8Array {
  let column = 0;
  return (bytes) => {
    for (const byte of bytes) {
      if (byte > 0x7f && needs.eightBit) throw new SealedContent('eightBit');
      if (byte === LF) column = 0;
      else if (byte !== CR && ++column > MAX_LINE && needs.longLines) throw new SealedContent('longLine');
    }
    return bytes;
  };
}
