/** Times as people read and write them. */
import { DAY, HOUR, MINUTE, parseDate, SECOND } from '#core';

/** `2026-03-04 10:15:30Z`, of ms since the epoch or a date in RFC 3339. */
export const timeText = (time: number | string): string => new Date(time).toISOString().replace('T', ' ').replace(/\.\d+/, '');

const UNITS: Record<string, number> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** A point in the past: `90s`, `10m`, `2h`, `3d` before `now`, or a date (RFC 3339, RFC 2822, epoch seconds). ms; undefined when it is none of these. */
export function parseSince(text: string, now: number): number | undefined {
  const ago = /^(\d+)([smhd])$/.exec(text.trim());
  return ago ? now - Number(ago[1]) * (UNITS[ago[2] ?? ''] ?? 0) : parseDate(text);
}
