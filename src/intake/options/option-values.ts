/** The forms that values of options have (manual page "Passing sending options"). Each gives undefined for a text that is not of its form. Pure. */
import { isIP } from 'node:net';
import { type DkimName, HOUR, MINUTE, parseDate, parseDomain } from '#core';
import { SHORTEST_LIFETIME } from '#queue';

const YES = new Set(['yes', 'true', '1']);
const NO = new Set(['no', 'false', '0']);
const plain = (text: string) => text.trim().toLowerCase();

/** `yes`, `no`, `true`, `false`, `1`, `0`, in any case. */
export function parseSwitch(text: string): boolean | undefined {
  const normal = plain(text);
  if (YES.has(normal)) return true;
  return NO.has(normal) ? false : undefined;
}

/** A switch, or `htmlonly`. */
export function parsePartSwitch(text: string): 'yes' | 'no' | 'htmlonly' | undefined {
  if (plain(text) === 'htmlonly') return 'htmlonly';
  const isOn = parseSwitch(text);
  return isOn === undefined ? undefined : isOn ? 'yes' : 'no';
}

/** `example.com,s1` or `example.com/s1`: the manual has both. */
export function parseDkimName(text: string): DkimName | undefined {
  const [, name = '', selector = ''] = /^\s*([^\s,/]+)\s*[,/]\s*([A-Za-z0-9][A-Za-z0-9.-]{0,62})\s*$/.exec(text) ?? [];
  const domain = parseDomain(name);
  return domain === undefined ? undefined : { domain, selector: selector.toLowerCase() };
}

const MAX_TAG_LENGTH = 128;

/** Printable ASCII, up to 128 characters (manual page "Tagging"). */
export function parseTag(text: string): string | undefined {
  const tag = text.trim();
  return tag.length <= MAX_TAG_LENGTH && /^[\x20-\x7e]+$/.test(tag) ? tag : undefined;
}

/** 9999-12-31T23:59:59Z, ms: beyond it clients and databases disagree what a year is. */
const LAST_YEAR = 253_402_300_799_000;

/** RFC 2822, RFC 3339 or epoch seconds; ms since the epoch. */
export function parseTime(text: string): number | undefined {
  const ms = parseDate(text);
  return ms === undefined || Math.abs(ms) > LAST_YEAR ? undefined : ms;
}

/** `1h30m`, `30m`, `24h`; 5 minutes to 24 hours; ms. */
export function parseWithin(text: string): number | undefined {
  const [match, hours = '0', minutes = '0'] = /^(?=\d)(?:(\d{1,4})h)?(?:(\d{1,4})m)?$/.exec(plain(text)) ?? [];
  const ms = Number(hours) * HOUR + Number(minutes) * MINUTE;
  return match === undefined || ms < SHORTEST_LIFETIME || ms > 24 * HOUR ? undefined : ms;
}

/** `24h` to `72h`; ms. */
export function parsePeriod(text: string): number | undefined {
  const hours = Number(/^(\d{1,4})h$/.exec(plain(text))?.[1]);
  return hours >= 24 && hours <= 72 ? hours * HOUR : undefined;
}

/** `HH:mm`, or `hh:mmaa` with AM or PM; minutes after midnight. */
export function parseTimeOfDay(text: string): number | undefined {
  const [match, hourText, minuteText, half] = /^(\d{1,2}):(\d\d)\s?(am|pm)?$/.exec(plain(text)) ?? [];
  const [hour, minute] = [Number(hourText), Number(minuteText)];
  if (match === undefined || minute > 59) return undefined;
  if (half === undefined) return hour > 23 ? undefined : hour * 60 + minute;
  return hour < 1 || hour > 12 ? undefined : ((hour % 12) + (half === 'pm' ? 12 : 0)) * 60 + minute;
}

/** An IPv4 or IPv6 address. */
export function parseIp(text: string): string | undefined {
  const ip = plain(text);
  return isIP(ip) === 0 || ip.includes('%') ? undefined : ip;
}

/** The id of a pool as the API shows it. */
export const parsePoolId = (text: string): string | undefined => /^\s*([\w-]{1,64})\s*$/.exec(text)?.[1];

const MAX_URL = 2048;

/** An absolute http or https URL without a password in it, which would end up in logs. */
export function parseUrl(text: string): string | undefined {
  const url = text.trim();
  if (url.length > MAX_URL || !/^https?:\/\/[\x21-\x7e]+$/i.test(url) || !URL.canParse(url)) return undefined;
  const { username, password } = new URL(url);
  return username === '' && password === '' ? url : undefined;
}

/** `all`, or names of X-Mailgun fields separated by commas; in lower case. */
export function parseHeaderNames(text: string): 'all' | string[] | undefined {
  const names = text.split(',').map(plain);
  if (names.includes('all')) return 'all';
  return names.every((name) => /^x-mailgun-[a-z0-9-]{1,100}$/.test(name)) ? names : undefined;
}
