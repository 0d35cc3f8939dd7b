/**
 * The event log. Written in batches by its own thread, read by the reader thread.
 * Throws StoreError; after a throw nothing of that call was kept.
 */
import type { EventFilter } from './event-filter.js';
import type { OutboxRow } from './spool-store.js';

export interface EventPosition {
  /** µs since the epoch. */
  at: number;
  id: string;
}

export interface ReaderCursor {
  /** The reader has every row of the outbox up to this position. */
  position: number;
  /** Name of the spool that has this outbox. Empty if the cursor was written before spools had names. */
  spool: string;
}

export interface EventQuery {
  /** Account number or EVERY_ACCOUNT. */
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
  /** Events with any of these names. */
  events?: string[];
  recipient?: string;
  messageId?: string;
  severity?: 'permanent' | 'temporary';
  /** All filters must match. Filters of event and severity cost nothing; for others, events are read one by one. */
  filters?: readonly EventFilter[];
}

export interface StoredEvent extends EventPosition {
  body: string;
}

export interface EventSlice {
  /** In reading direction. */
  events: StoredEvent[];
  /** Set if the search stopped before the limit and before the end, because it had looked at enough events. It continues after this position. */
  stoppedAt?: EventPosition;
}

/** What was said to peers in one attempt of a delivery. */
export interface StoredTranscript {
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

/** A POST that must reach a customer's server. */
export interface HttpCall {
  /** Identifies what the call tells. A call that is put twice is kept once. */
  id: string;
  account: number;
  /** `https://host:port`, the beginning of the URL. */
  origin: string;
  url: string;
  contentType: string;
  body: Uint8Array;
  /** Attempts made so far. */
  attempts: number;
  /** Earliest time of the next attempt, ms since the epoch. */
  due: number;
  /** ms since the epoch. */
  createdAt: number;
}

/** A call without its bytes. */
export interface WaitingCall {
  id: string;
  due: number;
  /** Bytes of its body. */
  size: number;
}

/** Transcripts of one delivery, or of all deliveries of a message. */
export type TranscriptQuery = { account: number; limit: number } & ({ delivery: number } | { messageId: string });

export interface EventStore {
  /** Writes the rows that are not there yet (by event id) and moves the reader's cursor to the last row, in one transaction. */
  append(reader: string, rows: OutboxRow[]): Promise<void>;
  /**
   * Does what `append` does with the rows of the outbox after this position, in order, without passing them to the caller. Gives how many rows there
   * were, and the reader's new position.
   */
  appendOutbox(reader: string, after: number, limit: number): Promise<{ count: number; position: number }>;
  /** Undefined for a reader that never read anything. */
  cursor(reader: string): Promise<ReaderCursor | undefined>;
  /** Moves the reader before the first row of the spool that is now in the data folder. */
  rewindReader(reader: string): Promise<void>;
  /** Looks at a bounded number of events per call, so that no search holds up other readers. */
  query(query: EventQuery): Promise<EventSlice>;
  /** Adds the transcripts in one transaction. Of each delivery only the last ones are kept (`TRANSCRIPTS_PER_DELIVERY`). */
  appendTranscripts(rows: StoredTranscript[]): Promise<void>;
  /** The newest transcripts, by delivery, in the order of their attempts. */
  transcripts(query: TranscriptQuery): Promise<StoredTranscript[]>;
  /** Durable on resolve. */
  putCall(call: HttpCall): Promise<void>;
  /** Every origin that has calls waiting, with the due time of its first. */
  callOrigins(): Promise<{ origin: string; due: number }[]>;
  /** The first calls of an origin by due time, those that are not due yet included. */
  firstCalls(origin: string, limit: number): Promise<WaitingCall[]>;
  call(id: string): Promise<HttpCall | undefined>;
  postponeCall(id: string, attempts: number, due: number): Promise<void>;
  removeCall(id: string): Promise<void>;
  /** Removes what the retention rules no longer keep, a bounded number per call. True if there is more. */
  sweep(now: number): Promise<boolean>;
}
