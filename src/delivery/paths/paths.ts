/**
 * How much a path may carry now: book-keeping without I/O. A path is one of our sources towards one site. Its window (lanes allowed) starts narrow. It
 * grows by one after as many successes as it is wide, and shrinks by one at the first failure of a run. A path whose failures fill three windows is
 * suspended, longer each time, and comes back with a single probe. What a server says to a message says nothing about the path. A session that ends in
 * the midst of a message may have ended because of that message. It counts against the path only when it happens to many messages in a row and none
 * gets through in between.
 *
 * Paths not known to work share half of all lanes, those known not to work a quarter, so that trouble never takes the lanes of what works.
 */
import { type Clock, MINUTE } from '#core';

/** `new`: not tried yet. `proven`: the last attempt got a session. `failing`: none did. */
export type Standing = 'proven' | 'new' | 'failing';

/**
 * What an attempt showed of its path. `reached`: a session could be had. `unconnected`: nobody could even be connected to. `kept`: hosts are there, but
 * TLS that all mail to the site must have cannot be had. `unreached`: no session for another reason. `cut`: a session that ended without a word, or
 * stood still, in the midst of the message; `closed`: the peer ended it there with its own 421. `unknown`: nothing.
 */
export type Reach = 'reached' | 'unconnected' | 'kept' | 'unreached' | 'cut' | 'closed' | 'unknown';

/** What a note changed. `crowded`: other lanes have sessions on this path and this attempt got none, so it was one too many. */
export type Noted = 'fine' | 'failed' | 'crowded' | 'suspended';

export interface Path {
  /** Name of our end: a source, or `default`. */
  readonly source: string;
  readonly site: string;
  readonly standing: Standing;
  /** Lanes running now. */
  readonly lanes: number;
  /** Running lanes whose messages stand still while others get through: the window does not count them. */
  readonly stalled: number;
  /** Lanes allowed now, beside those that are stalled. */
  readonly window: number;
  /** Wall clock, ms; 0: not suspended. */
  readonly suspendedUntil: number;
  /** Comes back from a suspension: one lane finds out whether the path works again. */
  readonly isProbing: boolean;
  /** The last failure was that TLS, which the site's mail must have, could not be had. That is no reason to send it another way. */
  readonly isKeptByTls: boolean;
}

export interface Paths {
  /** From the default source unless another is named. */
  get(site: string, source?: string): Path;
  /** The path if anything is known of it. */
  find(site: string, source?: string): Path | undefined;
  /** Room for one more lane of any path of that standing. */
  hasRoom(standing: Standing): boolean;
  started(path: Path): void;
  ended(path: Path): void;
  /** One lane more of the path is stalled, or one less. */
  stall(path: Path, by: 1 | -1): void;
  /** Stalled lanes of all. */
  stalled(): number;
  /** `message`: id of the message that the attempt was for. */
  note(path: Path, reach: Reach, message: number): Noted;
  /** Suspends the path until then (ms since the epoch), whatever its own failures say. */
  suspend(path: Path, until: number): void;
  /** The suspension is over. */
  resume(path: Path): void;
  /** Lanes of all. */
  total(): number;
  /** The paths an operator looks at: those with the most lanes, then those with the narrowest windows. */
  busiest(count: number): Path[];
}

export interface PathLimits {
  perPath: number;
  total: number;
}

export const DEFAULT_SOURCE = 'default';
const FIRST_WINDOW = 2;
/** A path is suspended when its failures in a row fill this many windows. */
const COHORTS = 3;
/** A path is also suspended when the sessions of this many messages in a row ended in their midst. */
export const CUT_MESSAGES = 10;
/** Length of the first, second, … suspension in a row, ms; jitter spreads what was suspended together. */
export const SUSPENSIONS: readonly number[] = [MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE];
const JITTER = 0.1;
/** How long a number of connections that was too many for the peer is not tried again, ms. */
const CEILING_MS = 5 * MINUTE;
/** Paths remembered beyond their last lane. */
const MAX_REMEMBERED = 10_000;

interface Entry extends Path {
  standing: Standing;
  lanes: number;
  stalled: number;
  window: number;
  suspendedUntil: number;
  isProbing: boolean;
  isKeptByTls: boolean;
  /** How much of the next step up is earned, and of the next step down. */
  success: number;
  failure: number;
  /** Failures in a row, in windows. */
  cohorts: number;
  /** Messages in whose midst sessions ended since one got through. Each message counts once. */
  cut: Set<number>;
  /** Suspensions in a row. */
  suspensions: number;
  /** So many lanes were too many for the peer. Holds until `ceilingUntil` (monotonic clock, ms). */
  ceiling: number;
  ceilingUntil: number;
}

export interface PathsDeps {
  limits: PathLimits;
  clock: Clock;
  /** -1 to 1. */
  jitter: () => number;
}

export function makePaths({ limits, clock, jitter }: PathsDeps): Paths {
  const known = new Map<string, Entry>();
  const lanes: Record<Standing, number> = { proven: 0, new: 0, failing: 0 };
  let stalled = 0;
  const total = () => lanes.proven + lanes.new + lanes.failing;
  const share = (part: number) => Math.max(1, Math.floor(limits.total / part));

  function entryOf({ source, site }: Pick<Path, 'source' | 'site'>): Entry {
    const key = `${source} ${site}`;
    let entry = known.get(key);
    if (entry === undefined) {
      entry = newEntry(source, site, Math.min(FIRST_WINDOW, limits.perPath));
      known.set(key, entry);
      forgetOldest();
    }
    return entry;
  }

  function forgetOldest(): void {
    if (known.size <= MAX_REMEMBERED) return;
    for (const [key, entry] of known) {
      if (known.size <= MAX_REMEMBERED) break;
      if (entry.lanes === 0 && entry.suspendedUntil <= clock.now()) known.delete(key);
    }
  }

  function change(entry: Entry, by: number): void {
    entry.lanes += by;
    lanes[entry.standing] += by;
  }

  function stand(entry: Entry, standing: Standing): void {
    lanes[entry.standing] -= entry.lanes;
    entry.standing = standing;
    lanes[standing] += entry.lanes;
  }

  /** A window grows only while it is used, and not to a size that was too much a short while ago. */
  function mayGrow({ window, lanes: used, stalled: beside, ceiling, ceilingUntil }: Entry): boolean {
    if (window >= limits.perPath || window >= used - beside + FIRST_WINDOW) return false;
    return window + beside + 1 < ceiling || ceilingUntil <= clock.monotonic();
  }

  function noteSuccess(entry: Entry): Noted {
    if (entry.suspendedUntil > 0) resume(entry);
    if (entry.isProbing) entry.window = Math.min(FIRST_WINDOW, limits.perPath);
    Object.assign(entry, { isProbing: false, isKeptByTls: false, cohorts: 0, suspensions: 0 });
    entry.cut.clear();
    if (entry.standing !== 'proven') stand(entry, 'proven');
    if (!mayGrow(entry)) return 'fine';
    const step = 1 / entry.window;
    entry.success += step;
    if (entry.success + step / 2 < 1) return 'fine';
    entry.window += 1;
    entry.success = 0;
    entry.failure = 0;
    return 'fine';
  }

  function noteFailure(entry: Entry, isKeptByTls: boolean): Noted {
    // Lanes that were on their way when the path was suspended tell nothing new.
    if (entry.suspendedUntil > 0) return 'crowded';
    entry.isKeptByTls = isKeptByTls;
    const isCrowded = entry.lanes > 1;
    const step = 1 / entry.window;
    entry.cohorts += step;
    if (isCrowded) {
      // The peer counts those that are stalled.
      entry.ceiling = Math.min(entry.lanes, entry.window + entry.stalled);
      entry.ceilingUntil = clock.monotonic() + CEILING_MS;
      entry.window = Math.max(1, entry.ceiling - entry.stalled - 1);
    } else stepDown(entry, step);
    entry.success = 0;
    if (!isCrowded || entry.cohorts >= 1) stand(entry, 'failing');
    if (entry.cohorts >= COHORTS || entry.isProbing) suspend(entry);
    if (isCrowded) return 'crowded';
    return entry.suspendedUntil > 0 ? 'suspended' : 'failed';
  }

  /** A peer that says it is closing may have too many sessions, so the window shrinks by a step. It grows again while others get through. */
  function noteCut(entry: Entry, message: number, isSaid: boolean): Noted {
    if (entry.suspendedUntil > 0) return 'fine';
    entry.isKeptByTls = false;
    if (isSaid) stepDown(entry, 1 / entry.window);
    if (entry.cut.has(message)) return 'fine';
    entry.cut.add(message);
    if (entry.cut.size < CUT_MESSAGES) return 'fine';
    stand(entry, 'failing');
    suspend(entry);
    return 'suspended';
  }

  /** The window shrinks with the first failure of a run, and with each further window full of failures. */
  function stepDown(entry: Entry, step: number): void {
    entry.failure -= step;
    if (entry.failure - step / 2 >= 0) return;
    entry.window = Math.max(1, entry.window - 1);
    entry.failure += 1;
  }

  function suspend(entry: Entry): void {
    const length = SUSPENSIONS[Math.min(entry.suspensions, SUSPENSIONS.length - 1)] ?? MINUTE;
    entry.suspendedUntil = clock.now() + Math.round(length * (1 + JITTER * jitter()));
    entry.suspensions += 1;
    entry.window = 1;
  }

  function resume(entry: Entry): void {
    Object.assign(entry, { suspendedUntil: 0, isProbing: true, window: 1, success: 0, failure: 0 });
  }

  return {
    get: (site, source = DEFAULT_SOURCE) => entryOf({ source, site }),
    find: (site, source = DEFAULT_SOURCE) => known.get(`${source} ${site}`),
    hasRoom(standing) {
      if (total() >= limits.total) return false;
      if (standing === 'proven') return true;
      if (lanes.new + lanes.failing >= share(2)) return false;
      return standing === 'new' || lanes.failing < share(4);
    },
    started: (path) => change(entryOf(path), 1),
    ended: (path) => change(entryOf(path), -1),
    stall(path, by) {
      entryOf(path).stalled += by;
      stalled += by;
    },
    stalled: () => stalled,
    note(path, reach, message) {
      const entry = entryOf(path);
      switch (reach) {
        case 'unknown':
          return 'fine';
        case 'reached':
          return noteSuccess(entry);
        case 'cut':
        case 'closed':
          return noteCut(entry, message, reach === 'closed');
        default:
          return noteFailure(entry, reach === 'kept');
      }
    },
    suspend(path, until) {
      const entry = entryOf(path);
      entry.suspendedUntil = Math.max(entry.suspendedUntil, until);
      entry.window = 1;
      // A reply asked for it, so there was a session.
      entry.isKeptByTls = false;
    },
    resume: (path) => resume(entryOf(path)),
    total,
    busiest: (count) => [...known.values()].sort((one, other) => other.lanes - one.lanes || one.window - other.window).slice(0, count),
  };
}

function newEntry(source: string, site: string, window: number): Entry {
  return {
    source,
    site,
    standing: 'new',
    lanes: 0,
    stalled: 0,
    window,
    suspendedUntil: 0,
    isProbing: false,
    isKeptByTls: false,
    success: 0,
    failure: 0,
    cohorts: 0,
    cut: new Set(),
    suspensions: 0,
    ceiling: 0,
    ceilingUntil: 0,
  };
}
