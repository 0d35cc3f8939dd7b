/**
 * How many lanes each destination may have: pure book-keeping, no I/O. A destination starts narrow, widens with each success, and one whose
 * connections keep failing is left with a single lane; destinations that have not shown that they work share at most half of all lanes.
 */
export interface Destination {
  readonly name: string;
  /** Lanes running now. */
  lanes: number;
  /** Lanes allowed now. */
  window: number;
  /** Attempts in a row that could not even connect. */
  failures: number;
  /** Its last attempt reached a server. */
  isProven: boolean;
}

export interface Destinations {
  get(name: string): Destination;
  /** True when one more lane may start. */
  mayStart(destination: Destination): boolean;
  /** Why mayStart said no is the total, not the destination's own window. */
  isFull(destination: Destination): boolean;
  started(destination: Destination): void;
  ended(destination: Destination): void;
  /** An attempt ended; `reached`: a server answered. */
  note(destination: Destination, reached: boolean): void;
  readonly total: number;
}

const FIRST_WINDOW = 2;
const FAILURES_TO_NARROW = 3;
/** Destinations remembered beyond their last lane, so that a dead one stays narrow. */
const MAX_REMEMBERED = 10_000;

export function makeDestinations(limits: { perDestination: number; total: number }): Destinations {
  const known = new Map<string, Destination>();
  const unprovenLimit = Math.max(1, Math.ceil(limits.total / 2));
  let total = 0;
  let unproven = 0;

  function setProven(destination: Destination, isProven: boolean): void {
    if (destination.isProven === isProven) return;
    destination.isProven = isProven;
    unproven += isProven ? -destination.lanes : destination.lanes;
  }

  function trim(): void {
    for (const [name, { lanes }] of known) {
      if (known.size <= MAX_REMEMBERED) break;
      if (lanes === 0) known.delete(name);
    }
  }

  const isFull = (destination: Destination) => total >= limits.total || (!destination.isProven && unproven >= unprovenLimit);

  return {
    get(name) {
      let destination = known.get(name);
      if (destination === undefined) {
        destination = { name, lanes: 0, window: Math.min(FIRST_WINDOW, limits.perDestination), failures: 0, isProven: false };
        known.set(name, destination);
        trim();
      }
      return destination;
    },
    mayStart: (destination) => destination.lanes < destination.window && !isFull(destination),
    isFull: (destination) => destination.lanes < destination.window && isFull(destination),
    started(destination) {
      destination.lanes++;
      total++;
      if (!destination.isProven) unproven++;
    },
    ended(destination) {
      destination.lanes--;
      total--;
      if (!destination.isProven) unproven--;
    },
    note(destination, reached) {
      destination.failures = reached ? 0 : destination.failures + 1;
      if (reached) destination.window = Math.min(limits.perDestination, destination.window + 1);
      else if (destination.failures >= FAILURES_TO_NARROW) destination.window = 1;
      setProven(destination, reached);
    },
    get total() {
      return total;
    },
  };
}
