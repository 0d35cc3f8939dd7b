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

export interface EventStore {
  /** Writes what is not there yet (by event id) and moves the reader's cursor to the last row, in one transaction. */
  append(reader: string, rows: OutboxRow[]): Promise<void>;
  /** The outbox position up to which this reader has everything; 0 at first. */
  cursor(reader: string): Promise<number>;
  /** In reading direction. */
  query(query: EventQuery): Promise<StoredEvent[]>;
  /** Removes what its retention rule lets go, a bounded number per call; true when there is more. */
  sweep(now: number): Promise<boolean>;
}
