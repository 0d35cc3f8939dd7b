// @ts-check
/** What a benchmark has started is ended in reverse order: when it is done, when it fails, and when it is told to stop. */

/** @param {(closing: (() => unknown)[]) => Promise<void>} bench Adds to `closing` what ends what it has started. */
export async function runBench(bench) {
  /** @type {(() => unknown)[]} */
  const closing = [];
  /** @type {Promise<void> | undefined} */
  let ending;
  const end = () => {
    ending ??= (async () => {
      for (const close of closing.reverse()) await close();
    })();
    return ending;
  };
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT', 'SIGHUP'])) {
    process.once(signal, () => void end().finally(() => process.exit(1)));
  }
  try {
    await bench(closing);
  } catch (error) {
    if (ending === undefined) console.error(`The benchmark failed: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
  await end();
}

/** @param {number[]} numbers */
export const median = (numbers) => [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0;
