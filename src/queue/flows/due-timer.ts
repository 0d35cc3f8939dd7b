/** One timer for everything that becomes due later, over a heap with one entry per change of a flow's due time. */
import type { Clock } from '#core';
import { makeDueHeap } from './due-heap.js';

export interface DueTimer<T> {
  /** Asks for a call of `onDue` with the item at `due` (ms since the epoch). */
  arm(due: number, item: T): void;
  /** Looks at once: the wall clock may have jumped. */
  check(): void;
  stop(): void;
}

/** The wall clock may jump; a timer never sleeps longer than this, ms. */
const LONGEST_SLEEP = 30_000;

export function makeDueTimer<T>({ clock, onDue }: { clock: Clock; onDue: (items: T[]) => void }): DueTimer<T> {
  const heap = makeDueHeap<T>();
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Number.POSITIVE_INFINITY;
  let stopped = false;

  function schedule(): void {
    const next = heap.peek();
    if (stopped || next === undefined || next >= timerAt) return;
    clearTimeout(timer);
    const now = clock.now();
    timerAt = Math.min(next, now + LONGEST_SLEEP);
    timer = setTimeout(fire, Math.max(0, timerAt - now));
    timer.unref();
  }

  function fire(): void {
    clearTimeout(timer);
    timerAt = Number.POSITIVE_INFINITY;
    const items = heap.popDue(clock.now());
    if (items.length > 0) onDue(items);
    schedule();
  }

  return {
    arm(due, item) {
      heap.push(due, item);
      schedule();
    },
    check() {
      if ((heap.peek() ?? Number.POSITIVE_INFINITY) <= clock.now()) fire();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
