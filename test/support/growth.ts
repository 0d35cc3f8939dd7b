/** Measures how the time of a function grows while its input doubles: what is linear at most doubles with it. */

/** An input by its size, and what is done with it. */
export interface Growth<T> {
  make: (size: number) => T;
  run: (input: T) => unknown;
  most: number;
}

export interface Measured {
  size: number;
  /** Of the processor, not of a clock on the wall: others may work on this machine. */
  ms: number;
  /** time(size) / time(size / 2), the least that was seen; 0 where it takes next to no time. */
  ratio: number;
}

/** What a linear function may seem to do when caches are full and the collector runs. */
export const LINEAR = 2.6;
/** Below, it is the machine that is measured, ms. What grows with the square is far above it at its limit. */
const FLOOR = 60;
/** Looked at first, so that a square is found before it takes minutes. */
const FIRST = 1 / 16;
const TRIES = 6;

/** At a sixteenth of `most`, then at `most`: stops where it grows faster than `LINEAR` allows. */
export async function measureGrowth<T>({ make, run, most }: Growth<T>): Promise<Measured> {
  const first = await ratioAt(Math.ceil(most * FIRST), make, run);
  return first.ratio > LINEAR ? first : ratioAt(most, make, run);
}

/** A ratio that is too high is measured again before it is believed. */
async function ratioAt<T>(size: number, make: Growth<T>['make'], run: Growth<T>['run']): Promise<Measured> {
  const input = make(size);
  let large = await cpuOf(input, run);
  if (large < FLOOR) return { size, ms: large, ratio: 0 };
  const half = make(Math.floor(size / 2));
  let small = await cpuOf(half, run);
  for (let again = 0; large > LINEAR * small && again < TRIES; again++) {
    small = Math.min(small, await cpuOf(half, run));
    large = Math.min(large, await cpuOf(input, run));
  }
  return { size, ms: large, ratio: large < FLOOR ? 0 : large / small };
}

async function cpuOf<T>(input: T, run: Growth<T>['run']): Promise<number> {
  const began = process.cpuUsage();
  await run(input);
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}
