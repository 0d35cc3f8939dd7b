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
  /** The outbox position up to which the reader has everything. */
  position: number;
  /** Name of the spool whose outbox that is; empty when it was written before spools had names. */
  spool: string;
}

export interface EventQuery {
  /** Or EVERY_ACCOUNT. */
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
  /** All of them must hold. Those of event and severity cost nothing; with others, events are read one by one. */
  filters?: readonly EventFilter[];
}

export interface StoredEvent extends EventPosition {
  body: string;
}

export interface EventSlice {
  /** In reading direction. */
  events: StoredEvent[];
  /** Where reading stopped for having looked at enough, short of the limit and of the end: the search goes on after this. */
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
  /** Names what it tells of: put twice, it is kept once. */
  id: string;
  account: number;
  /** `https://host:port`, what the URL begins with. */
  origin: string;
  url: string;
  contentType: string;
  body: Uint8Array;
  /** Attempts made so far. */
  attempts: number;
  /** Not before; ms since the epoch. */
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

/** Of one delivery, or of all deliveries of a message. */
export type TranscriptQuery = { account: number; limit: number } & ({ delivery: number } | { messageId: string });

export interface EventStore {
  /** Writes what is not there yet (by event id) and moves the reader's cursor to the last row, in one transaction. */
  append(reader: string, rows: OutboxRow[]): Promise<void>;
  /**
   * The same with rows of the outbox after this position, in its order, without showing them to the caller. Gives how many there were, and the
   * reader's new position.
   */
  appendOutbox(reader: string, after: number, limit: number): Promise<{ count: number; position: number }>;
  /** Undefined for a reader that never had anything. */
  cursor(reader: string): Promise<ReaderCursor | undefined>;
  /** Puts the reader before the first row of the spool that lies in the data folder now. */
  rewindReader(reader: string): Promise<void>;
  /** Looks at a bounded number of events per call, so that no search holds up other readers. */
  query(query: EventQuery): Promise<EventSlice>;
  /** Adds them in one transaction; of each delivery the last ones stay (`TRANSCRIPTS_PER_DELIVERY`). */
  appendTranscripts(rows: StoredTranscript[]): Promise<void>;
  /** The newest, by delivery, in the order of their attempts. */
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
  /** Removes what its retention rule lets go, a bounded number per call; true when there is more. */
  sweep(now: number): Promise<boolean>;
}
