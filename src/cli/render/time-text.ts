/** Times as people read and write them. */
import { DAY, HOUR, MINUTE, parseDate, plainTime, SECOND } from '#core';

/**
 * `2026-03-04 10:15:30Z`, the one form in which commands show a time. Of ms since the epoch, or of any date that the API writes (RFC 3339 with a zone or
 * without, RFC 2822); what is no date is shown as it came, and nothing as nothing.
 */
export function timeText(time: number | string | undefined): string {
  const ms = typeof time === 'string' ? parseDate(time) : time;
  return ms === undefined ? String(time ?? '') : plainTime(ms);
}

const UNITS: Record<string, number> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** A point in the past: `90s`, `10m`, `2h`, `3d` before `now`, or a date (RFC 3339, RFC 2822, epoch seconds). ms; undefined when it is none of these. */
export function parseSince(text: string, now: number): number | undefined {
  const ago = /^(\d+)([smhd])$/.exec(text.trim());
  return ago ? now - Number(ago[1]) * (UNITS[ago[2] ?? ''] ?? 0) : parseDate(text);
}
