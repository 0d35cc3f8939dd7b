type Falsy = undefined | false | null;
/** Calls `probe` until it gives something other than undefined, false or null, and returns that; throws after `timeoutMs` (10 s). */
export function waitFor<T>(
  probe: () => T | Falsy | Promise<T | Falsy>,
  options?: { timeoutMs?: number; intervalMs?: number; what?: string },
): Promise<Exclude<T, Falsy>>;
