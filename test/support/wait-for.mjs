// @ts-check
/** Waits for a condition instead of a time. */
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Calls `probe` until it gives something other than undefined, false or null, and returns that.
 * @template T
 * @param {() => T | undefined | false | null | Promise<T | undefined | false | null>} probe
 * @param {{ timeoutMs?: number, intervalMs?: number, what?: string }} [options] `what` is named in the error
 * @returns {Promise<T>}
 */
export async function waitFor(probe, { timeoutMs = 10_000, intervalMs = 20, what = 'a condition' } = {}) {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false && value !== null) return value;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await sleep(intervalMs);
  }
}
