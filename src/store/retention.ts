/**
 * How long data is kept. The rule of each table is in its engine's table of nouns. A test reads the tables from the database files and fails if one
 * has no rule.
 */
import { DAY } from '#core';

export type RetentionRule =
  /** Rows are removed this long (ms) after the moment that `from` names. */
  | { kind: 'period'; ms: number; from: string }
  /** Rows are removed when they are no longer needed; `when` says how that is known. */
  | { kind: 'until'; when: string }
  /** The table does not grow with traffic. */
  | { kind: 'bounded'; by: string };

export const boundedBy = (by: string): RetentionRule => ({ kind: 'bounded', by });
export const keptUntil = (when: string): RetentionRule => ({ kind: 'until', when });

/** Retention of data that grows with traffic, ms. */
export const KEPT_MS = { event: 30 * DAY, transcript: 30 * DAY, httpCall: 3 * DAY, idempotencyKey: DAY, usage: 2 * DAY } as const;

/** How long a message is kept after its last delivery has ended, unless its domain says otherwise, ms. */
export const DEFAULT_KEEP_MS = 3 * DAY;

/** How many attempts of a delivery have transcripts; the oldest are removed for newer ones. */
export const TRANSCRIPTS_PER_DELIVERY = 10;

/** Rows that one call of a sweep removes at most, so that the writer is never held for long. */
export const SWEEP_LIMIT = 500;
