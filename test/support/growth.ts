/** Measures how the time of a function grows while its input doubles: what is linear at most doubles with it. */

/** An input by its size, and what is done with it. */
export interface Growth<T> {
  make: (size: number) => T;
  run: (input: T) => unknown;
  most: number;
  /** The ratio that is believed at once, `LINEAR` if nothing is said. A greater one is measured again. */
  allowed?: number;
}

export interface Measured {
  size: number;
  /** Of the processor, not of a clock on the wall: others may work on this machine. */
  ms: number;
  /** time(size) / time(size / 2), the least of all rounds; 0 where it takes next to no time. */
  ratio: number;
}

/** What a linear function may seem to do when caches are full and the collector runs. */
export const LINEAR = 2.6;
/** The same for what should take no more time when the input grows. */
export const CONSTANT = 1.5;
/** Below, it is the machine that is measured, ms. What grows with the square is far above it at its limit. */
const FLOOR = 60;
/** Of `most`, and doubled from there, so that a square is found before it takes minutes. */
const FIRST = 1 / 16;
/** What is too steep is measured so many times from new: a true square is steep each time, a busy machine is not. */
const ROUNDS = 4;
/** Runs of each size in a round; fewer where one takes so long that noise hardly shows. */
const RUNS = 2;
const LONG = 1000;

/** Where it first takes time to speak of, then at `most`: stops where it grows faster than is allowed. */
export async function measureGrowth<T>({ make, run, most, allowed = LINEAR }: Growth<T>): Promise<Measured> {
  for (let size = most * FIRST; size < most; size *= 2) {
    const measured = await ratioAt(Math.ceil(size), { make, run, allowed });
    if (measured.ratio > allowed) return measured;
    if (measured.ratio > 0) break;
  }
  return ratioAt(most, { make, run, allowed });
}

/** A kind of input by its name, for how it is told of. */
export type Family<T> = readonly [name: string, make: (size: number) => T];

/** What is steep, in words: nothing, if `run` is linear for every family. */
export async function steepFamilies<T>(families: readonly Family<T>[], most: number, run: Growth<T>['run']): Promise<string[]> {
  const steep: string[] = [];
  for (const [name, make] of families) {
    const { ratio, size, ms } = await measureGrowth({ make, run, most });
    if (ratio > LINEAR) steep.push(`${name}: ${Math.round(ms)} ms at ${size}, ${ratio.toFixed(1)} times what half of it takes`);
  }
  return steep;
}

async function ratioAt<T>(size: number, { make, run, allowed }: Required<Omit<Growth<T>, 'most'>>): Promise<Measured> {
  const whole = make(size);
  const half = make(Math.floor(size / 2));
  const cold = await cpuOf(whole, run);
  if (cold < FLOOR) return { size, ms: cold, ratio: 0 };
  const once = { size, ms: cold, ratio: cold / Math.min(await cpuOf(half, run), await cpuOf(half, run)) };
  if (once.ratio <= allowed) return once;
  const inputs = { whole, half, quarter: make(Math.floor(size / 4)) };
  let least: Measured = { size, ms: cold, ratio: Number.POSITIVE_INFINITY };
  for (let round = 0; round < ROUNDS && least.ratio > allowed; round++) {
    const { ms, ratio } = await roundOf(inputs, run, Math.min(RUNS, Math.ceil(LONG / cold)));
    if (ratio < least.ratio) least = { size, ms, ratio: ms < FLOOR ? 0 : ratio };
  }
  return least;
}

/**
 * Each size by turns and as often as makes for equal work, so that noise meets all of them alike; the least of its runs counts.
 * What more than doubles from a half to the whole has at least doubled from a quarter to the half: the quarter shows a half that was measured too short.
 */
async function roundOf<T>(
  { whole, half, quarter }: { whole: T; half: T; quarter: T },
  run: Growth<T>['run'],
  runs: number,
): Promise<{ ms: number; ratio: number }> {
  const least = { whole: Number.POSITIVE_INFINITY, half: Number.POSITIVE_INFINITY, quarter: Number.POSITIVE_INFINITY };
  for (let turn = 0; turn < runs; turn++) {
    least.quarter = Math.min(least.quarter, await cpuOf(quarter, run, 4));
    least.half = Math.min(least.half, await cpuOf(half, run, 2));
    least.whole = Math.min(least.whole, await cpuOf(whole, run));
  }
  return { ms: least.whole, ratio: Math.min(least.whole / least.half, least.whole / (2 * least.quarter)) };
}

/** For one run; the mean of `times`. */
async function cpuOf<T>(input: T, run: Growth<T>['run'], times = 1): Promise<number> {
  const began = process.cpuUsage();
  for (let time = 0; time < times; time++) await run(input);
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000 / times;
}
