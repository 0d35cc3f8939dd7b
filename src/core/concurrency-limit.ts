/** Runs at most so many tasks at once, the others in the order they came. */

/** `load`: tasks that run or wait as this one begins, itself included. Gives what the task gives. */
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
      // The turn is handed on, so that nobody who comes now goes before those who wait.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
