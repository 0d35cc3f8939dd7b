/** Runs at most so many tasks at once; the others wait, and run in the order they came. */

/** Runs the task when there is room, and resolves with its result. `load`: how many tasks run or wait as this one begins, itself included. */
export type ConcurrencyLimit = <R>(task: (load: number) => Promise<R>) => Promise<R>;

export function makeConcurrencyLimit(limit: number): ConcurrencyLimit {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await task(running + waiting.length);
    } finally {
      // The place is handed to the first that waits, so that nobody who comes now goes before it.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
