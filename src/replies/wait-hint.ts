/** Reads how long a reply asks us to wait, in the words that servers use. Pure. */
import { DAY, HOUR, MINUTE, SECOND } from '#core';

/** A server that asks for more is asked again after this long. */
export const MAX_WAIT_HINT = 4 * HOUR;

const UNITS: readonly [words: string, ms: number][] = [
  ['s|secs?|seconds?|sekunden?|secondes?|segundos?', SECOND],
  ['m|mins?|minutes?|minuten?|minutos?|минут[аы]?', MINUTE],
  ['h|hrs?|hours?|stunden?|heures?|horas?', HOUR],
  ['d|days?|tage?n?|jours?|días?|dias?', DAY],
];
const UNIT = UNITS.map(([words]) => words).join('|');

const WORDS: Record<string, number> = { a: 1, an: 1, one: 1, two: 2, three: 3, five: 5, ten: 10, fifteen: 15, thirty: 30, sixty: 60 };

const AMOUNT = String.raw`(?:(\d{1,6})\s?-?\s?|(${Object.keys(WORDS).join('|')})\s)(${UNIT})(?!\p{L})`;
/** Words that ask for patience, then at most a few others, then a time. */
const ASKED = new RegExp(
  String.raw`\b(?:try|retry|retried|retrying|come back|wait|again|resend|later|gr[ae]ylist(?:ed|ing)?|deferred|delayed|blocked|throttled|suspended|erneut|réessayer|reessayer|reintente)(?!\p{L})[^.;\d]{0,50}?(?<!\p{L})${AMOUNT}`,
  'u',
);
/** milter-greylist: `please come back in 00:04:59`. */
const CLOCK = /\b(?:again|come back|retry|wait)\b[^.;\d]{0,40}(\d{1,2}):(\d{2}):(\d{2})\b/;
/** `retry-after: 300`, `retry timeout 300`: seconds when no unit is given. */
const BARE = /\bretry[- ](?:after|timeout|in)\b\D{0,3}(\d{1,6})(?![\d:.])(?!\s?\p{L})/u;
/** German puts the asking after the time: `in 5 Minuten erneut`. */
const AFTERWARDS = new RegExp(String.raw`\bin ${AMOUNT} (?:erneut|wieder|again)\b`, 'u');

/** ms, at most MAX_WAIT_HINT; undefined when the reply names no time. */
export function waitHint(text: string): number | undefined {
  const lower = text.slice(0, 1024).toLowerCase();
  const clock = CLOCK.exec(lower);
  if (clock !== null) return capped(Number(clock[1]) * HOUR + Number(clock[2]) * MINUTE + Number(clock[3]) * SECOND);
  for (const pattern of [ASKED, AFTERWARDS]) {
    const [, digits, word = '', unit] = pattern.exec(lower) ?? [];
    const ms = UNITS.find(([words]) => unit !== undefined && new RegExp(`^(?:${words})$`, 'u').test(unit))?.[1];
    if (ms !== undefined) return capped((digits === undefined ? (WORDS[word] ?? 0) : Number(digits)) * ms);
  }
  const bare = BARE.exec(lower);
  return bare === null ? undefined : capped(Number(bare[1]) * SECOND);
}

const capped = (ms: number): number | undefined => (ms > 0 ? Math.min(ms, MAX_WAIT_HINT) : undefined);

/** Greylisting servers forget nobody within this time, and let nobody in before. */
export const GREYLIST_WAIT = 5 * MINUTE;

/** When to try again after a temporary refusal, and whether the source must stay the same. */
export interface RetryHint {
  /** ms; 0: whenever the schedule says. */
  atLeast: number;
  sameSource: boolean;
}

export function retryHint(text: string, isGreylisted: boolean): RetryHint {
  const hint = waitHint(text) ?? 0;
  return isGreylisted ? { atLeast: Math.max(hint, GREYLIST_WAIT), sameSource: true } : { atLeast: hint, sameSource: false };
}
