// @ts-check
/** Loaded into the server process with `--import`, and so into its threads: they die when the file that DYING_THREADS names appears. */
import { existsSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const file = process.env.DYING_THREADS ?? '';
if (!isMainThread) {
  setInterval(() => {
    if (existsSync(file)) throw new Error('a fault of the test');
  }, 100).unref();
}
