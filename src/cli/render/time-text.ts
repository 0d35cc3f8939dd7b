/** Times as people read and write them. */
import { DAY, HOUR, MINUTE, parseDate, plainTime, SECOND } from '#core';

/**
 * Gives `2026-03-04 10:15:30Z`, the one form in which commands show a time. Takes ms since the epoch, or any date that the API writes (RFC 3339 with or
 * without a zone, RFC 2822). A text that is no date stays as it is; undefined gives an empty text.
 */
export function timeText(time: number | string | undefined): string {
  const ms = typeof time === 'string' ? parseDate(time) : time;
  return ms === undefined ? String(time ?? '') : plainTime(ms);
}

const UNITS: Record<string, number> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** Reads a time in the past: `90s`, `10m`, `2h`, `3d` before `now`, or a date (RFC 3339, RFC 2822, seconds since 1970). Gives ms, or undefined if it is none of these. */
export function parseSince(text: string, now: number): number | undefined {
  const ago = /^(\d+)([smhd])$/.exec(text.trim());
  return ago ? now - Number(ago[1]) * (UNITS[ago[2] ?? ''] ?? 0) : parseDate(text);
}
