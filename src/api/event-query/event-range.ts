/** Which stretch of time an events query covers and in which direction it is read (manual page "Time Range"). Pure. */
import { badRequest, parseDate } from '#core';
import type { Form } from '#http';

export interface EventRange {
  /** µs, inclusive; open when absent. */
  lower?: number;
  upper?: number;
  ascending: boolean;
}

/**
 * Reading starts at `begin` and stops at `end`, so their order is the direction. Without `end` the direction must be given; without both the newest
 * event comes first. A descending range ends at `now` (µs) at the latest, so that its pages do not move; an ascending one without `end` goes on with
 * what happens later. Refusal 400 for what is no date, or a direction that contradicts the range.
 */
export function readEventRange(form: Form, now: number): EventRange {
  const [begin, end] = [readTime(form, 'begin'), readTime(form, 'end')];
  const asked = form.flag('ascending');
  if (begin === undefined && end === undefined) return asked ? { ascending: true } : { upper: now, ascending: false };
  if (begin !== undefined && end === undefined) {
    if (asked === undefined) throw badRequest("'ascending' parameter is required when 'end' is not given");
    return asked ? { lower: begin, ascending: true } : { upper: begin, ascending: false };
  }
  // With `end` alone, reading starts now, or at the oldest event when it is to be ascending.
  if (begin === undefined && asked) return { upper: end, ascending: true };
  const [first, last] = [begin ?? now, end ?? now];
  const ascending = first === last ? (asked ?? true) : first < last;
  if (asked !== undefined && asked !== ascending) throw badRequest("'ascending' parameter contradicts the order of 'begin' and 'end'");
  return ascending ? { lower: first, upper: last, ascending } : { lower: last, upper: first, ascending };
}

/** Epoch seconds keep their µs, because that is how events say their own time. */
function readTime(form: Form, name: 'begin' | 'end'): number | undefined {
  const text = form.text(name)?.trim();
  if (text === undefined) return undefined;
  const micros = /^\d{1,11}(\.\d+)?$/.test(text) ? Math.round(Number(text) * 1e6) : (parseDate(text) ?? Number.NaN) * 1000;
  if (!Number.isSafeInteger(micros) || micros < 0)
    throw badRequest(`'${name}' parameter is not a valid date: expecting RFC 2822 or epoch seconds`);
  return micros;
}
