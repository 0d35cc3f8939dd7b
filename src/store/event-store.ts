/**
 * The event log. Written in batches by its own thread, read by the reader thread.
 * Throws StoreError; after a throw nothing of that call was kept.
 */
import type { OutboxRow } from './spool-store.js';

export interface EventPosition {
  /** µs since the epoch. */
  at: number;
  id: string;
}

export interface EventQuery {
  account: number;
  /** All domains of the account when absent. */
  domain?: string;
  /** µs, inclusive. */
  begin?: number;
  /** µs, inclusive. */
  end?: number;
  ascending: boolean;
  limit: number;
  /** Only events strictly beyond this one in the reading direction. */
  after?: EventPosition;
  /** Any of these names. */
  events?: string[];
  recipient?: string;
  messageId?: string;
  severity?: 'permanent' | 'temporary';
}

export interface StoredEvent extends EventPosition {
  body: string;
}

/** What was said to peers in one attempt of a delivery. */
export interface StoredConversation {
  account: number;
  delivery: number;
  /** Without angle brackets. */
  messageId: string;
  recipient: string;
  /** 1 for the first. */
  attempt: number;
  /** When the attempt began, ms since the epoch. */
  at: number;
  outcome: 'delivered' | 'deferred' | 'failed';
  /** Lines marked `C:`, `S:` or `*`. */
  text: string;
}

/** Of one delivery, or of all deliveries of a message. */
export type ConversationQuery = { account: number; limit: number } & ({ delivery: number } | { messageId: string });

export interface EventStore {
  /** Writes what is not there yet (by event id) and moves the reader's cursor to the last row, in one transaction. */
  append(reader: string, rows: OutboxRow[]): Promise<void>;
  /** The outbox position up to which this reader has everything; 0 at first. */
  cursor(reader: string): Promise<number>;
  /** In reading direction. */
  query(query: EventQuery): Promise<StoredEvent[]>;
  /** Adds them in one transaction; of each delivery the last ones stay (`CONVERSATIONS_PER_DELIVERY`). */
  appendConversations(rows: StoredConversation[]): Promise<void>;
  /** The newest, by delivery, in the order of their attempts. */
  conversations(query: ConversationQuery): Promise<StoredConversation[]>;
  /** Removes what its retention rule lets go, a bounded number per call; true when there is more. */
  sweep(now: number): Promise<boolean>;
}
