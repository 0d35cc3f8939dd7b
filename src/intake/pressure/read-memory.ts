/** Memory of this process against what it may use: the limit of its control group, or the machine's memory. Bytes. */
import { totalmem } from 'node:os';

export function readMemory(): { used: number; limit: number } {
  // 0 or a number beyond the machine when no limit is set.
  const constrained = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return { used: process.memoryUsage.rss(), limit: Math.min(constrained, totalmem()) };
}
