/** One timer for all the deadlines of a connection: moving a deadline later costs a comparison, not a timer. */
import type { Clock } from '#core';

export interface Deadline {
  /** Calls `onExpire` in `ms` unless it is set anew or cleared first. */
  set(ms: number): void;
  clear(): void;
}

export function makeDeadline({ clock, onExpire }: { clock: Clock; onExpire: () => void }): Deadline {
  let at = Number.POSITIVE_INFINITY;
  let firesAt = Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  function arm(): void {
    clearTimeout(timer);
    firesAt = at;
    timer = setTimeout(fire, Math.max(0, at - clock.monotonic()));
    timer.unref();
  }

  function fire(): void {
    timer = undefined;
    firesAt = Number.POSITIVE_INFINITY;
    if (at === Number.POSITIVE_INFINITY) return;
    // Timers may come a little early, and the deadline may have moved on meanwhile.
    if (at - clock.monotonic() > 1) arm();
    else {
      at = Number.POSITIVE_INFINITY;
      onExpire();
    }
  }

  return {
    set(ms) {
      at = clock.monotonic() + ms;
      if (at < firesAt) arm();
    },
    clear() {
      at = Number.POSITIVE_INFINITY;
    },
  };
}
