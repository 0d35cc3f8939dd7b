/** How many descriptors this process may have open, by the kernel's word (`/proc/self/limits`). */
import { readFileSync } from 'node:fs';

export const LIMITS_FILE = '/proc/self/limits';

/** Infinity when there is none, or when it is not told. */
export function parseFileLimit(limits: string): number {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1];
  return soft === undefined || soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

/** Undefined where the file cannot be read: systems other than Linux, or a process that has no descriptor left. */
export function readFileLimit(): number | undefined {
  try {
    return parseFileLimit(readFileSync(LIMITS_FILE, 'latin1'));
  } catch {
    return undefined;
  }
}
