/** How many descriptors this process may have open, by the kernel's word (`/proc/self/limits`). */
import { readFileSync } from 'node:fs';

export const LIMITS_FILE = '/proc/self/limits';

/** Infinity if there is no limit, or if the file does not name it. */
export function parseFileLimit(limits: string): number {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1];
  return soft === undefined || soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

/** Undefined if the file cannot be read: on systems other than Linux, or when the process has no descriptor left. */
export function readFileLimit(): number | undefined {
  try {
    return parseFileLimit(readFileSync(LIMITS_FILE, 'latin1'));
  } catch {
    return undefined;
  }
}
