/**
 * One page of an events query, and the token it travels as: URL-safe, no slash, because clients take it for the last segment of the paging URL.
 * A token says what to look for, never for whom: account and domain come from the request that brings it.
 */
import { badRequest } from '#core';
import type { EventPosition } from '#store';
import { areEventFilters, type EventFilters } from './event-filters.js';
import type { EventRange } from './event-range.js';

export const MAX_EVENTS = 300;
/** Longer than any that is made here: filters have 2,000 characters, each of up to four bytes. */
const MAX_TOKEN = 12_288;

export interface PageRequest {
  range: EventRange;
  filters: EventFilters;
  limit: number;
  /** `next` and `previous` go on from a position, exclusive. */
  place: { kind: 'first' | 'last' } | { kind: 'next' | 'previous'; from: EventPosition };
}

/** What the token holds, as short keys. */
interface Packed {
  r: [number | null, number | null, boolean];
  n: number;
  k: PageRequest['place']['kind'];
  p?: [number, string];
  f?: EventFilters;
}

export function encodePageToken({ range, filters, limit, place }: PageRequest): string {
  const packed: Packed = {
    r: [range.lower ?? null, range.upper ?? null, range.ascending],
    n: limit,
    k: place.kind,
    ...('from' in place ? { p: [place.from.at, place.from.id] } : {}),
    ...(filters.length === 0 ? {} : { f: filters }),
  };
  return Buffer.from(JSON.stringify(packed)).toString('base64url');
}

/** Refusal 400 for anything this server did not make; an edited token can only ask for other events of the same account and domain. */
export function decodePageToken(token: string): PageRequest {
  const packed = unpack(token);
  if (!isPacked(packed)) throw badRequest('Invalid page token');
  const [lower, upper, ascending] = packed.r;
  const isMove = packed.k === 'next' || packed.k === 'previous';
  if (isMove !== (packed.p !== undefined)) throw badRequest('Invalid page token');
  return {
    range: { ...(lower === null ? {} : { lower }), ...(upper === null ? {} : { upper }), ascending },
    filters: packed.f ?? [],
    limit: packed.n,
    place:
      packed.p === undefined
        ? { kind: packed.k as 'first' | 'last' }
        : { kind: packed.k as 'next' | 'previous', from: { at: packed.p[0], id: packed.p[1] } },
  };
}

function unpack(token: string): unknown {
  try {
    return token.length > MAX_TOKEN ? undefined : JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= 1024;
const isAbsentOr = (test: (value: unknown) => boolean, value: unknown): boolean => value === undefined || test(value);

function isPacked(value: unknown): value is Packed {
  if (typeof value !== 'object' || value === null) return false;
  const { r, n, k, p, f, ...others } = value as Record<keyof Packed, unknown>;
  return (
    // A token of another version may ask for filters that this one would not see.
    Object.keys(others).length === 0 &&
    Array.isArray(r) &&
    r.length === 3 &&
    (r[0] === null || isTime(r[0])) &&
    (r[1] === null || isTime(r[1])) &&
    typeof r[2] === 'boolean' &&
    isTime(n) &&
    n >= 1 &&
    n <= MAX_EVENTS &&
    ['first', 'last', 'next', 'previous'].includes(String(k)) &&
    isAbsentOr((position) => Array.isArray(position) && position.length === 2 && isTime(position[0]) && isText(position[1]), p) &&
    isAbsentOr(areEventFilters, f)
  );
}
