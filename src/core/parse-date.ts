/** Reads the dates that clients send, in the same way on every server: without a zone they are UTC, and a day that no calendar has is refused. */

const ZONES: Record<string, number> = {
  Z: 0,
  UT: 0,
  UTC: 0,
  GMT: 0,
  EST: -5,
  EDT: -4,
  CST: -6,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
};
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const TIME = String.raw`(?<hour>\d{1,2}):(?<minute>\d\d)(?::(?<second>\d\d)(?:\.(?<fraction>\d{1,9}))?)?`;
// A plus sign in an urlencoded form that is not encoded arrives as a blank.
const ZONE = String.raw`\s*(?<zone>[A-Za-z]{1,3}|(?:[+-]|(?<=\s))\d\d:?\d\d)?`;
const RFC_2822 = new RegExp(
  String.raw`^(?:[A-Za-z]{3},\s*)?(?<day>\d{1,2})\s+(?<name>[A-Za-z]{3})\s+(?<year>\d{4}|\d\d)\s+${TIME}${ZONE}(?:\s*\([^()]*\))?$`,
);
const RFC_3339 = new RegExp(String.raw`^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)(?:[Tt ]${TIME}${ZONE})?$`);

/** A date is short; longer texts are not looked at. */
const MAX_LENGTH = 100;

/**
 * RFC 2822 (with or without weekday, padded day, named zone), RFC 3339 (the date alone, too), or epoch seconds (whole or fractional). Gives ms since the
 * epoch, or undefined when it is none of these. Year 1 (the zero time of Go clients) counts as absent, like all years before 100.
 */
export function parseDate(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed.length > MAX_LENGTH) return undefined;
  if (/^-?\d+(\.\d+)?$/.test(trimmed)) return Math.round(Number(trimmed) * 1000);
  const parts = (RFC_2822.exec(trimmed) ?? RFC_3339.exec(trimmed))?.groups;
  return parts === undefined ? undefined : timeOf(parts);
}

function timeOf(parts: Record<string, string | undefined>): number | undefined {
  const number = (name: string) => Number(parts[name] ?? 0);
  const year = parts.year?.length === 2 ? number('year') + (number('year') < 50 ? 2000 : 1900) : number('year');
  const month = parts.name === undefined ? number('month') - 1 : MONTHS.indexOf(parts.name.toLowerCase());
  const day = number('day');
  const date = Date.UTC(year, month, day);
  const offset = zoneMinutes(parts.zone);
  if (year < 100 || month < 0 || new Date(date).getUTCDate() !== day || new Date(date).getUTCMonth() !== month) return undefined;
  // 60 is a leap second.
  if (number('hour') > 23 || number('minute') > 59 || number('second') > 60 || offset === undefined) return undefined;
  const minutes = number('hour') * 60 + number('minute') - offset;
  return date + minutes * 60_000 + number('second') * 1000 + Math.round(Number(`0.${parts.fraction ?? 0}`) * 1000);
}

/** East of UTC. Undefined for a zone that nobody knows: to guess would be hours wrong. */
function zoneMinutes(zone = 'Z'): number | undefined {
  const [match, sign, hours, minutes] = /^([+-]?)(\d\d):?(\d\d)$/.exec(zone) ?? [];
  if (match === undefined) {
    const named = ZONES[zone.toUpperCase()];
    return named === undefined ? undefined : named * 60;
  }
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
