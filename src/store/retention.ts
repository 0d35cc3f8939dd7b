/**
 * How long each table of each database keeps its rows: the one place to look, and to add a line for a new table. A test reads
 * the tables out of the database files and fails when one has no rule.
 */
import { DAY } from '#core';

export type RetentionRule =
  /** Rows go this long (ms) after the moment that `from` names. */
  | { kind: 'period'; ms: number; from: string }
  /** Rows go when they are no longer needed; `when` says how that is known. */
  | { kind: 'until'; when: string }
  /** The table does not grow with traffic. */
  | { kind: 'bounded'; by: string };

export const RETENTION = {
  directory: {
    account: { kind: 'bounded', by: 'what the operator sets up' },
    domain: { kind: 'bounded', by: 'what customers set up; deleted by them' },
    dkim_key: { kind: 'bounded', by: 'its domain; deleted with it' },
    credential: { kind: 'bounded', by: 'its domain; deleted with it' },
    api_key: { kind: 'bounded', by: 'what customers set up; deleted by them' },
  },
  spool: {
    message: { kind: 'period', ms: 3 * DAY, from: 'the end of its last delivery' },
    message_content: { kind: 'period', ms: 3 * DAY, from: 'the end of the last delivery of its message' },
    queue: { kind: 'until', when: 'the delivery is settled' },
    destination: { kind: 'until', when: 'no delivery to it is open' },
    outbox: { kind: 'until', when: 'every reader has it' },
    hold: { kind: 'bounded', by: 'what operators hold; released by them' },
    usage: { kind: 'period', ms: 2 * DAY, from: 'the start of the day it counts' },
    backlog: { kind: 'bounded', by: 'the number of accounts' },
    id_mark: { kind: 'bounded', by: 'a single row' },
  },
  events: {
    event: { kind: 'period', ms: 30 * DAY, from: 'the time of the event' },
    conversation: { kind: 'period', ms: 30 * DAY, from: 'the attempt' },
    stream: { kind: 'until', when: 'it has no event' },
    reader: { kind: 'bounded', by: 'the number of readers' },
  },
} as const satisfies Record<string, Record<string, RetentionRule>>;

/** Older attempts of a delivery make room for newer ones. */
export const CONVERSATIONS_PER_DELIVERY = 10;

/** Rows that one call of a sweep removes at most, so that the writer is never held for long. */
export const SWEEP_LIMIT = 500;
