/**
 * Messages, open deliveries and the outbox. Each method is one atomic unit, and every write is fsynced before it resolves (the writer groups waiting
 * calls into one commit). Throws StoreError; after a throw nothing of that call was kept.
 *
 * Which deliveries were taken is not stored. The holder of the lease remembers it in memory, and a crash simply forgets it.
 */
import type { Body, Delivery, FlowKey, LastAttempt, Message, MessageRecipient, Priority } from '#core';
import type { RestrictionStore } from './restriction-store.js';
import type { WarmupStore } from './warmup-store.js';

/** An event on its way to its readers, committed together with the change that it reports. */
export interface OutboxEvent {
  /** 22 URL-safe characters; idempotence key of every reader. */
  id: string;
  account: number;
  /** Name of the sending (hosted) domain. */
  domain: string;
  /** µs since the epoch. */
  at: number;
  /** Name of the event, `delivered`, … */
  event: string;
  recipient: string;
  /** Without angle brackets. */
  messageId: string;
  severity: 'permanent' | 'temporary' | '';
  /** The whole event as JSON text, without `storage.url`, which depends on who asks. */
  body: string;
}

/** Which rows the outbox has. */
export interface OutboxExtent {
  /** Name of the spool. A position in the outbox of another spool means nothing here. */
  spool: string;
  /** seq of the oldest row; `last + 1` when there is none. */
  first: number;
  /** Largest seq ever given. */
  last: number;
}

export interface OutboxRow extends OutboxEvent {
  /** Grows by commit order; never reused. */
  seq: number;
}

export interface NewDelivery extends MessageRecipient {
  /** Domain of the recipient. */
  destinationName: string;
  priority: Priority;
  due: number;
}

export interface NewMessage {
  message: Message;
  deliveries: NewDelivery[];
  events: OutboxEvent[];
  /** How long it is kept after its last delivery has ended, ms; three days unless given. */
  keepMs?: number | undefined;
  /** Stored with the message. put() throws StoreError `conflict` and keeps nothing if the key already has a record. */
  idempotency?: IdempotencyRecord | undefined;
  /**
   * Set if the message counts against the daily limit of an unverified domain. Its deliveries are added to the counter of this UTC day
   * (`2026-03-04`).
   */
  usageDay?: string;
}

/** An idempotency key of an account and a domain, with the answer to the first request that had it. */
export interface IdempotencyRecord {
  key: string;
  /** Fingerprint of the request that was answered. It distinguishes a repeated request from another request with the same key. */
  fingerprint: string;
  /** JSON text. */
  answer: string;
  /** ms since the epoch; a day later the key is free again. */
  at: number;
}

/** Identifies a stored message for its owner. */
export interface StoredKey {
  account: number;
  domain: string;
  /** The key in the facts of the message. In a batch it also names the delivery of one recipient (`recipientStorageKey`). */
  key: string;
}

/**
 * A message as its owner finds it. `to`: the recipient of a batch that the key names. The message that all recipients' messages are made from has no
 * key.
 */
export interface StoredMessage extends Message {
  to?: MessageRecipient | undefined;
}

/** Where a delivery's row stands in the queue: its primary key. */
export interface DeliveryKey extends FlowKey {
  due: number;
  id: number;
}

/**
 * Names a delivery that has ended. With the size of its variables (as in `Delivery`), what the recipient's message was made with is kept for
 * `stored()`.
 */
export interface EndedKey extends DeliveryKey {
  variablesSize?: number | undefined;
}

/**
 * `done` ends the delivery. `defer` moves it to `due` with its count of attempts. If the row is no longer there (cancelled meanwhile), nothing is
 * written, not even its events, and the answer says so.
 */
export type Settlement =
  | { kind: 'done'; key: EndedKey; message: number; at: number; events: OutboxEvent[] }
  | {
      kind: 'defer';
      key: DeliveryKey;
      message: number;
      due: number;
      attempts: number;
      last: LastAttempt | undefined;
      events: OutboxEvent[];
    };

/**
 * The right to take and settle open deliveries. It lasts until another process gets it. An engine for one process gives one lease of everything. An
 * engine for several nodes would give leases of shards, where all flows of a destination are in one shard.
 */
export interface Lease {
  flows: 'all';
  /** Grows each time the deliveries get another owner. */
  epoch: number;
}

/** Position in a flow: the last row seen, `{ due: 0, id: 0 }` before the first. */
export interface Cursor {
  due: number;
  id: number;
}

export interface FlowHead extends FlowKey {
  destinationName: string;
  /** Due time of the flow's first row. */
  due: number;
}

/** What an account has waiting. */
export interface Backlog {
  /** Open deliveries. */
  deliveries: number;
  /** Sizes of all messages that have an open delivery. */
  bytes: number;
}

/** Result of the last commit of mail; `full` and `failed` as in StoreError. */
export type SpoolHealth = 'ok' | 'full' | 'failed';

/** Is told of every change. So code that must know the state for each message need not ask. */
export interface SpoolWatcher {
  /** What an account has waiting now. An account that was never reported has nothing waiting. */
  backlog(account: number, backlog: Backlog): void;
  health(health: SpoolHealth): void;
}

/** The whole queue in numbers. */
export interface QueueStatistics {
  deliveries: number;
  destinations: number;
  /** Due time of the delivery that has been due longest, ms since the epoch; undefined for an empty queue. */
  oldestDue: number | undefined;
  /** Destinations with the most deliveries, most first. */
  top: { destination: string; deliveries: number; oldestDue: number }[];
  /** Largest seq the outbox ever had. */
  lastOutbox: number;
}

/** In a hold: every account, also future ones. No account has this number. */
export const EVERY_ACCOUNT = 0;

/** Selects open deliveries: those that match every given field. */
export interface HoldFilter {
  /** Account number or EVERY_ACCOUNT. */
  account: number;
  /** Made by an operator: the account cannot release it. */
  isOperators?: boolean | undefined;
  /** Sending domain. */
  domain?: string | undefined;
  /** Recipient's domain. */
  destination?: string | undefined;
  /** Name of the site that the recipient's domain is at. */
  site?: string | undefined;
  message?: number | undefined;
}

/** Deliveries that are held back, also those that are put later. */
export interface Hold extends HoldFilter {
  id: number;
  reason: string;
  /** ms since the epoch. */
  at: number;
}

export interface QueueFilter {
  account: number;
  /** Sending domain. */
  domain?: string;
  /** Recipient's domain. */
  destination?: string;
  recipient?: string;
  /** Only this message. */
  message?: number;
  limit: number;
  /** Deliveries with an id above this one, for paging. */
  after?: number;
}

/** An open delivery as an operator sees it. */
export interface QueuedDelivery extends Delivery {
  domain: string;
  sender: string;
  subject: string;
  messageId: string;
  size: number;
  acceptedAt: number;
  expiresAt: number;
}

/** An open delivery that is not due yet. */
export interface WaitingDelivery extends Delivery {
  acceptedAt: number;
}

/** Writes the body of one message: in memory up to 128 kB, then to a file in `spool/`. */
export interface BodyWriter {
  /** Resolves when more may be written (back-pressure). The chunk may be kept; do not reuse it. */
  write(chunk: Uint8Array): Promise<void> | void;
  /** Body is durable when this resolves, if it is a file (file and folder are fsynced). */
  finish(): Promise<Body>;
  /** Throws the bytes away. Safe to call at any time, also after finish() when the message was not put. */
  discard(): Promise<void>;
}

export interface SpoolStore extends RestrictionStore, WarmupStore {
  /** Synchronous, because making the writer needs no I/O; only writing to it does. */
  newBody(): BodyWriter;
  /** Bytes of a body, whole for inline, streamed for a file. Throws StoreError when the file is gone or short. */
  openBody(body: Body): AsyncIterable<Uint8Array>;

  /**
   * Durable on resolve. Gives the deliveries with the flows they went to, in the order of `deliveries`. Throws StoreError `superseded`, and keeps
   * nothing, if another process has opened the spool since.
   */
  put(message: NewMessage): Promise<Delivery[]>;
  message(id: number): Promise<Message | undefined>;

  /** A message of this account and domain by its storage key, for as long as it is kept. */
  stored(stored: StoredKey, now: number): Promise<StoredMessage | undefined>;
  /**
   * Removes a message; stored() no longer finds it. Its bytes are removed now or, if it is still being delivered, after its last delivery. In a
   * batch it is the message of one recipient, and the shared bytes are removed with the last recipient. False if there is no such message.
   */
  removeStored(stored: StoredKey): Promise<boolean>;
  /** Undefined if no request of the last day had the key. */
  idempotencyRecord(account: number, domain: string, key: string, now: number): Promise<IdempotencyRecord | undefined>;

  /** First row of each flow after the given flow, in key order. The scheduler finds its flows with it at start. */
  flowHeads(after: FlowKey | undefined, limit: number): Promise<FlowHead[]>;
  /** Rows of a flow after the cursor that are due at `now`, in order, and the due time of the first row beyond them, if any. */
  take(flow: FlowKey, after: Cursor, now: number, limit: number): Promise<{ rows: Delivery[]; nextDue: number | undefined }>;
  /** The lease of this process. From now on the previous owner can neither settle nor put. */
  lease(): Promise<Lease>;
  /** True per settlement that found its row. Throws StoreError `superseded`, and keeps nothing, when the lease is over. */
  settle(lease: Lease, settlements: Settlement[]): Promise<boolean[]>;

  /**
   * Before it resolves, tells the watcher the current state; after that, tells it of every change. A change is told before the promise of the call
   * that made it resolves. Gives the function that ends the watch.
   */
  watch(watcher: SpoolWatcher): Promise<() => void>;
  /** Commits something without meaning, so that the reported health is right even if no mail comes. Throws StoreError. */
  probe(): Promise<void>;

  /** How many recipients the domain was charged with on this UTC day. */
  usage(account: number, domain: string, day: string): Promise<number>;

  list(filter: QueueFilter): Promise<QueuedDelivery[]>;
  /** Walks the whole queue on the reader thread (about 0.1 s per million deliveries), so do not call it every second. */
  queueStatistics(top: number): Promise<QueueStatistics>;

  /**
   * One part of a walk over the open deliveries after the position, by message and id. Finds deliveries of messages whose lifetime was over at
   * `now`. Only messages with an id below `before` are looked at. `next`: where to continue; undefined at the end.
   */
  expired(
    now: number,
    after: { message: number; id: number },
    before: number,
    limit: number,
  ): Promise<{ rows: Delivery[]; next: { message: number; id: number } | undefined }>;
  /**
   * One part of a walk as in `expired`. Finds deliveries that are due after `due`, of messages that were accepted after `accepted`, both ms since
   * the epoch.
   */
  dueAfter(
    times: { due: number; accepted: number },
    after: { message: number; id: number },
    limit: number,
  ): Promise<{ rows: WaitingDelivery[]; next: { message: number; id: number } | undefined }>;
  /** How many rows of its flow stand before a delivery; counts up to `limit`. */
  countAhead(key: DeliveryKey, limit: number): Promise<number>;

  holds(): Promise<Hold[]>;
  /** Gives the id of the new hold. */
  putHold(hold: Omit<Hold, 'id'>): Promise<number>;
  removeHolds(ids: number[]): Promise<void>;

  /** Adds events that do not belong to a message in the spool. Durable on resolve. */
  putEvents(events: OutboxEvent[]): Promise<void>;
  /** Rows after `after`, oldest first. */
  outbox(after: number, limit: number): Promise<OutboxRow[]>;
  outboxExtent(): Promise<OutboxExtent>;
  /** Deletes rows at or below `seq`. */
  trimOutbox(seq: number): Promise<void>;

  /** Largest message or delivery id in use. New ids must be above it. */
  largestId(): Promise<number>;
  /** Removes what the retention rules no longer keep, a bounded number per call. True if there is more. */
  sweep(now: number): Promise<boolean>;
}
