/**
 * How many lanes each destination may have: book-keeping without I/O. A destination starts narrow and widens with each success; one whose
 * connections keep failing is left with a single lane. Those not known to work share half of all lanes, those known not to work a quarter.
 */

/** `new`: not tried yet. `proven`: the last attempt reached a server. `failing`: it did not. */
export type Standing = 'proven' | 'new' | 'failing';

export interface Destination {
  readonly name: string;
  readonly standing: Standing;
  /** Lanes running now. */
  readonly lanes: number;
  /** Lanes allowed now. */
  readonly window: number;
}

export interface Destinations {
  get(name: string): Destination;
  /** Room for one more lane of any destination of that standing. */
  hasRoom(standing: Standing): boolean;
  started(destination: Destination): void;
  ended(destination: Destination): void;
  /** An attempt ended; `reached`: a server answered. */
  note(destination: Destination, reached: boolean): void;
  /** Lanes of all. */
  total(): number;
}

const FIRST_WINDOW = 2;
const FAILURES_TO_NARROW = 3;
/** Destinations remembered beyond their last lane, so that a dead one stays narrow. */
const MAX_REMEMBERED = 10_000;

interface Entry extends Destination {
  standing: Standing;
  lanes: number;
  window: number;
  /** Attempts in a row that could not connect. */
  failures: number;
}

export function makeDestinations(limits: { perDestination: number; total: number }): Destinations {
  const known = new Map<string, Entry>();
  const lanes: Record<Standing, number> = { proven: 0, new: 0, failing: 0 };
  const total = () => lanes.proven + lanes.new + lanes.failing;
  const share = (part: number) => Math.max(1, Math.floor(limits.total / part));

  function entryOf({ name }: Destination): Entry {
    let entry = known.get(name);
    if (entry === undefined) {
      entry = { name, standing: 'new', lanes: 0, window: Math.min(FIRST_WINDOW, limits.perDestination), failures: 0 };
      known.set(name, entry);
      forgetOldest();
    }
    return entry;
  }

  function forgetOldest(): void {
    for (const [name, entry] of known) {
      if (known.size <= MAX_REMEMBERED) break;
      if (entry.lanes === 0) known.delete(name);
    }
  }

  function change(entry: Entry, by: number): void {
    entry.lanes += by;
    lanes[entry.standing] += by;
  }

  return {
    get: (name) => entryOf({ name } as Destination),
    hasRoom(standing) {
      if (total() >= limits.total) return false;
      if (standing === 'proven') return true;
      if (lanes.new + lanes.failing >= share(2)) return false;
      return standing === 'new' || lanes.failing < share(4);
    },
    started: (destination) => change(entryOf(destination), 1),
    ended: (destination) => change(entryOf(destination), -1),
    note(destination, reached) {
      const entry = entryOf(destination);
      entry.failures = reached ? 0 : entry.failures + 1;
      if (reached) entry.window = Math.min(limits.perDestination, entry.window + 1);
      else if (entry.failures >= FAILURES_TO_NARROW) entry.window = 1;
      lanes[entry.standing] -= entry.lanes;
      entry.standing = reached ? 'proven' : 'failing';
      lanes[entry.standing] += entry.lanes;
    },
    total,
  };
}
