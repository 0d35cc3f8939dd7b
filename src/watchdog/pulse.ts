/** The memory that the event loop and its watchdog share: a counter that moves, and a few words on what was begun last. */

const WORDS = 256;
/** Where the counter is, as an Int32 index. */
export const BEAT = 0;
const LENGTH = 1;
const WORDS_AT = 8;

export const newPulse = (): SharedArrayBuffer => new SharedArrayBuffer(WORDS_AT + WORDS);

export const beatsOf = (pulse: SharedArrayBuffer): Int32Array => new Int32Array(pulse, 0, 2);

/** Text beyond 256 bytes is cut. Costs a fraction of a microsecond, because it is called for every delivery. */
export function makeNote(pulse: SharedArrayBuffer): (words: string) => void {
  const numbers = beatsOf(pulse);
  const room = Buffer.from(pulse, WORDS_AT, WORDS);
  return (words) => {
    numbers[LENGTH] = room.write(words);
  };
}

export const readNote = (pulse: SharedArrayBuffer): string =>
  Buffer.from(pulse, WORDS_AT, Atomics.load(beatsOf(pulse), LENGTH)).toString('utf8');
