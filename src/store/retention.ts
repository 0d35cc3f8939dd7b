/**
 * How long things are kept. Each table's rule stands in its engine's table of nouns; a test reads the tables out of the database files and fails when
 * one has no rule.
 */
import { DAY } from '#core';

export type RetentionRule =
  /** Rows go this long (ms) after the moment that `from` names. */
  | { kind: 'period'; ms: number; from: string }
  /** Rows go when they are no longer needed; `when` says how that is known. */
  | { kind: 'until'; when: string }
  /** The table does not grow with traffic. */
  | { kind: 'bounded'; by: string };

export const boundedBy = (by: string): RetentionRule => ({ kind: 'bounded', by });
export const keptUntil = (when: string): RetentionRule => ({ kind: 'until', when });

/** What comes with traffic, ms. */
export const KEPT_MS = { event: 30 * DAY, transcript: 30 * DAY, httpCall: 3 * DAY, idempotencyKey: DAY, usage: 2 * DAY } as const;

/** How long a message is kept after its last delivery has ended, unless its domain says otherwise, ms. */
export const DEFAULT_KEEP_MS = 3 * DAY;

/** Older attempts of a delivery make room for newer ones. */
export const TRANSCRIPTS_PER_DELIVERY = 10;

/** Rows that one call of a sweep removes at most, so that the writer is never held for long. */
export const SWEEP_LIMIT = 500;
