/** Decides whether the event loop stands still, from what the watchdog sees each time it looks. Does no I/O; it remembers earlier looks. */

/** How often the watchdog looks, ms. */
export const LOOK_EVERY = 500;
/** If a look comes so late, the watchdog itself did not run, ms. What it sees then says nothing about the event loop. */
const LATE = 2000;

/** `now`: monotonic, ms. True if the counter has not changed for `afterMs` of the time in which the process as a whole ran. */
export function makeStandingTest(afterMs: number, start: number): (beat: number, now: number) => boolean {
  let lastBeat = Number.NaN;
  let movedAt = start;
  let lookedAt = start;
  return (beat, now) => {
    const wasAway = now - lookedAt > LOOK_EVERY + LATE;
    lookedAt = now;
    if (beat !== lastBeat || wasAway) {
      lastBeat = beat;
      movedAt = now;
    }
    return now - movedAt >= afterMs;
  };
}
