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
    login_client: { kind: 'bounded', by: 'twenty for each login; deleted with it' },
    template: { kind: 'bounded', by: 'a hundred for each domain; deleted with it' },
    template_version: { kind: 'bounded', by: 'forty for each template; deleted with it' },
    api_key: { kind: 'bounded', by: 'what customers set up; deleted by them' },
    pool: { kind: 'bounded', by: 'what customers set up; deleted by them' },
    pool_address: { kind: 'bounded', by: 'its pool; deleted with it' },
    domain_pool: { kind: 'bounded', by: 'its domain; deleted with it' },
    domain_address: { kind: 'bounded', by: 'its domain; deleted with it' },
    sts_policy: { kind: 'until', when: 'it has expired and a policy is fetched' },
  },
  spool: {
    message: { kind: 'until', when: 'the message_ttl of its domain has passed since its last delivery ended, or its owner deletes it' },
    message_content: { kind: 'until', when: 'its message goes' },
    batch_recipient: { kind: 'until', when: 'its message goes, or the owner deletes the message of this recipient' },
    given_answer: { kind: 'period', ms: DAY, from: 'the answer' },
    queue: { kind: 'until', when: 'the delivery is settled' },
    destination: { kind: 'until', when: 'no delivery to it is open' },
    outbox: { kind: 'until', when: 'every reader has it' },
    restriction: { kind: 'until', when: 'it is over' },
    warmup: { kind: 'bounded', by: 'the sources of the configuration' },
    hold: { kind: 'bounded', by: 'what operators hold; released by them' },
    usage: { kind: 'period', ms: 2 * DAY, from: 'the start of the day it counts' },
    backlog: { kind: 'bounded', by: 'the number of accounts' },
    id_mark: { kind: 'bounded', by: 'a single row' },
    identity: { kind: 'bounded', by: 'a single row' },
  },
  events: {
    event: { kind: 'period', ms: 30 * DAY, from: 'the time of the event' },
    conversation: { kind: 'period', ms: 30 * DAY, from: 'the attempt' },
    http_call: { kind: 'period', ms: 3 * DAY, from: 'what it tells of; it is given up long before' },
    stream: { kind: 'until', when: 'it has no event' },
    reader: { kind: 'bounded', by: 'the number of readers' },
  },
} as const satisfies Record<string, Record<string, RetentionRule>>;

/** How long a message is kept after its last delivery has ended, unless its domain says otherwise, ms. */
export const DEFAULT_KEEP_MS = 3 * DAY;

/** Older attempts of a delivery make room for newer ones. */
export const CONVERSATIONS_PER_DELIVERY = 10;

/** Rows that one call of a sweep removes at most, so that the writer is never held for long. */
export const SWEEP_LIMIT = 500;
