/** Whether the event loop stands still, from what the watchdog sees each time it looks. Pure but for what it remembers. */

/** How often the watchdog looks, ms. */
export const LOOK_EVERY = 500;
/** A look that is this late says that the watchdog itself did not run, so what it sees says nothing of the others, ms. */
const LATE = 2000;

/** `now`: monotonic, ms. True when the beat has been the same for `afterMs` of time in which the process as a whole ran. */
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
