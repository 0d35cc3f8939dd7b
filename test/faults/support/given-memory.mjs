// @ts-check
/**
 * Loaded into the server process with `--import`: what its control group allows it is what a file says, in percent of what it uses at that moment. Above
 * 100 there is room; without the file nothing is changed.
 */
import { readFileSync } from 'node:fs';

const real = process.constrainedMemory;
process.constrainedMemory = () => {
  try {
    const percent = Number(readFileSync(process.env.GIVEN_MEMORY ?? '', 'utf8'));
    return Math.round((process.memoryUsage.rss() * percent) / 100);
  } catch {
    return real.call(process);
  }
};
