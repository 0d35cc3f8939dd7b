/** Counts values by size: a few comparisons and two additions per value. A snapshot is plain data, so that a worker thread can hand it over. */

export interface HistogramSnapshot {
  /** Upper bounds, ascending; values above the last are counted in one more bucket. */
  bounds: readonly number[];
  /** Values per bucket, one more than bounds. */
  counts: number[];
  sum: number;
}

export interface Histogram {
  observe(value: number): void;
  snapshot(): HistogramSnapshot;
}

/** `bounds` ascending. */
export function makeHistogram(bounds: readonly number[]): Histogram {
  const counts = new Array<number>(bounds.length + 1).fill(0);
  let sum = 0;
  return {
    observe(value) {
      let bucket = 0;
      while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
      counts[bucket] = (counts[bucket] as number) + 1;
      sum += value;
    },
    snapshot: () => ({ bounds, counts: [...counts], sum }),
  };
}
