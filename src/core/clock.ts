/** Time and timers, passed in so that decisions can be tested. The only place that reads the wall clock. */
export interface Clock {
  /** Wall clock, ms since the Unix epoch. */
  now(): number;
  /** Monotonic clock, ms with fractions; only differences mean something. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/**
 * Starts at the wall clock's time and goes on at the pace of the monotonic clock: for waits that must last as long as they were meant to, even when the
 * wall clock is set meanwhile.
 */
export interface SteadyClock extends Clock {
  /** Converts a time of this clock to wall clock time: for people, and for what outlives the process. */
  wall(ms: number): number;
}

export function makeSteadyClock(clock: Clock): SteadyClock {
  const offset = clock.now() - clock.monotonic();
  const now = () => Math.round(offset + clock.monotonic());
  return { now, monotonic: clock.monotonic, wall: (ms) => ms + clock.now() - now() };
}

/** A smaller difference counts as none, ms: nobody notices it. */
const SMALLEST_JUMP = 10_000;

/**
 * Each call gives by how much the wall clock was set since the last jump that was reported, ms; 0 when it was not. After the machine slept, the clock
 * counts as set forward.
 */
export function makeJumpDetector(clock: Clock): () => number {
  let offset = clock.now() - clock.monotonic();
  return () => {
    const by = Math.round(clock.now() - clock.monotonic() - offset);
    if (Math.abs(by) < SMALLEST_JUMP) return 0;
    offset += by;
    return by;
  };
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (value: number) => String(value).padStart(2, '0');

/** `Wed, 10 Jul 2013 19:26:52 GMT` for any of the zone spellings that Mailgun's clients parse (all of them UTC). */
export function rfc2822Date(ms: number, zone: 'GMT' | 'UTC' | '+0000' | '-0000' = '+0000'): string {
  const date = new Date(ms);
  const day = `${DAYS[date.getUTCDay()]}, ${two(date.getUTCDate())} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} ${zone}`;
}

/** `2026-03-04 10:15:30Z`: every time that is written for people to read, in commands and in what explains a delivery. */
export function plainTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** `2026-03-04T10:15:30`, no zone and no fraction: the dates of API keys. */
export function isoDateWithoutZone(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19);
}
