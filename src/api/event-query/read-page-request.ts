/** Which page of events a request asks for: by its token, in the path or as `?page=`, or by its parameters. Pure. */
import type { Form } from '#http';
import { readEventFilters } from './event-filters.js';
import { readEventRange } from './event-range.js';
import { decodePageToken, MAX_EVENTS, type PageRequest } from './page-request.js';

const DEFAULT_LIMIT = 100;

/** `now` in ms; `beside`: parameters of the endpoint itself. Refusal 400. */
export function readPageRequest(form: Form, token: string | undefined, now: number, beside?: readonly string[]): PageRequest {
  const page = token ?? form.text('page');
  if (page !== undefined) return decodePageToken(page);
  return {
    // To the end of this millisecond, so that what just happened is part of now.
    range: readEventRange(form, now * 1000 + 999),
    filters: readEventFilters(form, beside),
    limit: form.integer('limit', { min: 1, max: MAX_EVENTS }) ?? DEFAULT_LIMIT,
    place: { kind: 'first' },
  };
}
