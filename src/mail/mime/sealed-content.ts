/** Signed or encrypted content is sent unchanged or not at all. The check passes bytes on, and throws if a peer could not take them unchanged. */

const LF = 0x0a;
const CR = 0x0d;
const MAX_LINE = 998;

/** `eightBit`: there is a byte over 127. `longLine`: there is a line over 998 octets. */
export type Unfitness = 'eightBit' | 'longLine';

/** A signed or encrypted part would have to be changed for this peer. */
export class SealedContent extends Error {
  override readonly name = 'SealedContent';
  readonly unfitness: Unfitness;

  constructor(unfitness: Unfitness) {
    super(`signed or encrypted content that would have to be encoded anew: ${unfitness}`);
    this.unfitness = unfitness;
  }
}

/** The check takes the pieces of one body in order, and measures lines across pieces. Pieces that are left out must be whole lines. */
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
