/**
 * One timer for all the deadlines of a connection: moving a deadline later costs a comparison, not a timer. A deadline that passed while this process
 * stood still is not the peer's fault: what the peer sent meanwhile is read first.
 */
import { type Clock, SECOND } from '#core';

export interface Deadline {
  /** Calls `onExpire` in `ms` unless it is set anew or cleared first. */
  set(ms: number): void;
  clear(): void;
}

/** A timer that is later than this tells of a process that was stopped, or of a machine that was. */
const STOOD_STILL = SECOND;
/** For reading what came meanwhile, ms. */
const CATCH_UP = SECOND;

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
    const left = at - clock.monotonic();
    if (left < -STOOD_STILL) at += CATCH_UP - left;
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
