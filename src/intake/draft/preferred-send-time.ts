/**
 * When a recipient is best sent to, by what is known of them (manual pages "Sending a message with STO" and "… with TZO"). Of a recipient of whom
 * nothing is known the message goes out as soon as it may.
 */
import { type Address, DAY, HOUR, MINUTE } from '#core';

/** ms since the epoch. */
export interface SendWindow {
  from: number;
  until: number;
  /** Minutes after midnight where the recipient is; without it, the hour in which they read most. */
  localTime?: number;
}

/** What opens and clicks have taught of a recipient. */
export interface RecipientHabits {
  /** IANA name, `Europe/Berlin`. */
  timeZone?: string;
  /** How often they opened or clicked in each hour of the day, UTC; 24 numbers. */
  engagement?: readonly number[];
}

/** Not before `window.from`; ms since the epoch. */
export type PreferredSendTime = (recipient: Address, window: SendWindow) => Promise<number>;

export function makePreferredSendTime(deps: { habitsOf: (recipient: Address) => Promise<RecipientHabits | undefined> }): PreferredSendTime {
  return async (recipient, window) => {
    const habits = await deps.habitsOf(recipient);
    return habits === undefined ? window.from : timeWithin(window, habits);
  };
}

/** The time in the window that suits the habits; its beginning when they say nothing of it. */
export function timeWithin(window: SendWindow, { timeZone, engagement }: RecipientHabits): number {
  const { from, until, localTime } = window;
  if (localTime !== undefined) {
    const time = timeZone === undefined ? undefined : nextLocalTime(from, localTime, timeZone);
    return time === undefined || time > until ? from : time;
  }
  const most = Math.max(0, ...(engagement ?? []));
  if (most === 0) return from;
  const best = engagement?.indexOf(most) ?? 0;
  const midnight = Math.floor(from / DAY) * DAY;
  const hour = midnight + best * HOUR;
  if (from < hour + HOUR) return Math.max(from, hour);
  return hour + DAY > until ? from : hour + DAY;
}

/** The first moment from `from` on at which clocks of the zone show so many minutes after midnight; undefined for a zone that does not exist. */
function nextLocalTime(from: number, localTime: number, timeZone: string): number | undefined {
  const wanted = (ms: number) => (localTime - minuteOfDay(ms, timeZone) + 24 * 60) % (24 * 60);
  try {
    const minute = Math.ceil(from / MINUTE) * MINUTE;
    const first = minute + wanted(minute) * MINUTE;
    // Where the clocks change in between, the guess is off by the hour they moved.
    const late = wanted(first);
    return late === 0 ? first : late <= 3 * 60 ? first + late * MINUTE : Math.max(from, first - (24 * 60 - late) * MINUTE);
  } catch {
    return undefined;
  }
}

function minuteOfDay(ms: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).formatToParts(ms);
  const part = (type: string) => Number(parts.find((candidate) => candidate.type === type)?.value);
  return part('hour') * 60 + part('minute');
}
