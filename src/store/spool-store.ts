/**
 * Messages, open deliveries and the outbox. Each method is one atomic unit; what writes is fsynced before it resolves
 * (the writer groups what waits into one commit). Throws StoreError; after a throw nothing of that call was kept.
 *
 * What was taken is remembered by whoever holds the lease of the deliveries, not stored: a crash simply forgets it.
 */
import type { Body, Delivery, FlowKey, LastAttempt, Message, MessageRecipient, Priority } from '#core';
import type { RestrictionStore } from './restriction-store.js';
import type { WarmupStore } from './warmup-store.js';

/** An event on its way to its readers, committed with what it tells of. */
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
  /** Names the spool: positions in the outbox of another one mean nothing here. */
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
  /** Kept with it; put() throws StoreError `conflict` and keeps nothing when the key has a record already. */
  idempotency?: IdempotencyRecord | undefined;
  /** Counts against the daily limit of an unverified domain: adds its deliveries to the counter of this UTC day (`2026-03-04`). */
  usageDay?: string;
}

/** An idempotency key of an account and a domain, with the answer to the first request that had it. */
export interface IdempotencyRecord {
  key: string;
  /** Of the request it answered, so that another request with the same key is told from a repeated one. */
  fingerprint: string;
  /** JSON text. */
  answer: string;
  /** ms since the epoch; a day later the key is free again. */
  at: number;
}

/** Names a stored message to its owner. */
export interface StoredKey {
  account: number;
  domain: string;
  /** As the facts of the message have it; of a batch with the delivery of one recipient (`recipientStorageKey`). */
  key: string;
}

/** A message as its owner finds it. `to`: the one recipient of a batch that its key names; what the messages of all are made from has no name. */
export interface StoredMessage extends Message {
  to?: MessageRecipient | undefined;
}

/** Where a delivery's row stands in the queue: its primary key. */
export interface DeliveryKey extends FlowKey {
  due: number;
  id: number;
}

/** With the size of the variables, as in `Delivery`, what the recipient's message was made with is kept for `stored()`. */
export interface EndedKey extends DeliveryKey {
  variablesSize?: number | undefined;
}

/**
 * `done` ends the delivery; `defer` moves it to `due` with its count of attempts. Settling a row that is no longer there
 * (cancelled meanwhile) writes nothing, its events neither, and says so in the answer.
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
 * The right to take and settle open deliveries, until somebody else gets it. An engine for one process gives one lease of everything; one for several
 * nodes would give leases of shards, in which all flows of a destination are together.
 */
export interface Lease {
  flows: 'all';
  /** Grows each time that the deliveries get another owner. */
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
  /** Sizes of the messages that have one. */
  bytes: number;
}

/** What came of the last commit of mail: `full` and `failed` as in StoreError. */
export type SpoolHealth = 'ok' | 'full' | 'failed';

/** Is told of every change, so that those who must know at once, for each message, need not ask. */
export interface SpoolWatcher {
  /** What an account has waiting now. One that is never told of has nothing. */
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

/** In a hold: every account, those to come included. No account has this number. */
export const EVERY_ACCOUNT = 0;

/** Which open deliveries: those for which every field that is given fits. */
export interface HoldFilter {
  /** Or EVERY_ACCOUNT. */
  account: number;
  /** Made over the account's head: it cannot release it. */
  isOperators?: boolean | undefined;
  /** Sending domain. */
  domain?: string | undefined;
  /** Recipient's domain. */
  destination?: string | undefined;
  /** Name of the site that the recipient's domain is at. */
  site?: string | undefined;
  message?: number | undefined;
}

/** Deliveries held back by an operator, those that are put later included. */
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
  /** Asks nobody: what is written to it is. */
  newBody(): BodyWriter;
  /** Bytes of a body, whole for inline, streamed for a file. Throws StoreError when the file is gone or short. */
  openBody(body: Body): AsyncIterable<Uint8Array>;

  /**
   * Durable on resolve. Gives the flows the deliveries went to, in the order of `deliveries`. Throws StoreError `superseded`, and keeps nothing, when
   * another process has opened the spool since.
   */
  put(message: NewMessage): Promise<Delivery[]>;
  message(id: number): Promise<Message | undefined>;

  /** A message of this account and domain by its storage key, for as long as it is kept. */
  stored(stored: StoredKey, now: number): Promise<StoredMessage | undefined>;
  /**
   * Its bytes go now or, when it is still being delivered, with its last delivery; stored() knows it no more. Of a batch it is the message of one
   * recipient, and the bytes that all have in common go with the last of them. False when there is none.
   */
  removeStored(stored: StoredKey): Promise<boolean>;
  /** Undefined when no request of the last day had the key. */
  idempotencyRecord(account: number, domain: string, key: string, now: number): Promise<IdempotencyRecord | undefined>;

  /** First row of each flow after the given one, in key order: how the scheduler finds its flows at start. */
  flowHeads(after: FlowKey | undefined, limit: number): Promise<FlowHead[]>;
  /** Rows of a flow after the cursor that are due at `now`, in order, and the due time of the first row beyond them, if any. */
  take(flow: FlowKey, after: Cursor, now: number, limit: number): Promise<{ rows: Delivery[]; nextDue: number | undefined }>;
  /** The lease of this process. What an owner before it settles or puts is refused from now on. */
  lease(): Promise<Lease>;
  /** True per settlement that found its row. Throws StoreError `superseded`, and keeps nothing, when the lease is over. */
  settle(lease: Lease, settlements: Settlement[]): Promise<boolean[]>;

  /**
   * Tells the watcher how things stand before it resolves, and every change from then on. What a commit changes is told before its promise resolves.
   * Gives the function that ends it.
   */
  watch(watcher: SpoolWatcher): Promise<() => void>;
  /** Commits something that means nothing, so that the health that is told is true when no mail comes. Throws StoreError. */
  probe(): Promise<void>;

  /** How many recipients the domain was charged with on this UTC day. */
  usage(account: number, domain: string, day: string): Promise<number>;

  list(filter: QueueFilter): Promise<QueuedDelivery[]>;
  /** Walks the whole queue (about 0.1 s per million deliveries, on the reader thread): not for every second. */
  queueStatistics(top: number): Promise<QueueStatistics>;

  /**
   * One part of a walk over the open deliveries after the position, by message and id: those of messages whose lifetime was over at `now`. Only
   * messages with an id below `before` are looked at. `next`: where the walk goes on; undefined at its end.
   */
  expired(
    now: number,
    after: { message: number; id: number },
    before: number,
    limit: number,
  ): Promise<{ rows: Delivery[]; next: { message: number; id: number } | undefined }>;
  /**
   * One part of such a walk: those that are due after `due`, of messages that were accepted after `accepted`, both ms since the epoch.
   */
  dueAfter(
    times: { due: number; accepted: number },
    after: { message: number; id: number },
    limit: number,
  ): Promise<{ rows: WaitingDelivery[]; next: { message: number; id: number } | undefined }>;
  /** How many rows of its flow stand before a delivery; counts to `limit` at most. */
  countAhead(key: DeliveryKey, limit: number): Promise<number>;

  holds(): Promise<Hold[]>;
  /** Gives the id. */
  putHold(hold: Omit<Hold, 'id'>): Promise<number>;
  removeHolds(ids: number[]): Promise<void>;

  /** Events that tell of no message in the spool. Durable on resolve. */
  putEvents(events: OutboxEvent[]): Promise<void>;
  /** Rows after `after`, oldest first. */
  outbox(after: number, limit: number): Promise<OutboxRow[]>;
  outboxExtent(): Promise<OutboxExtent>;
  /** Deletes rows at or below `seq`. */
  trimOutbox(seq: number): Promise<void>;

  /** Largest message or delivery id in use; ids must go on above it. */
  largestId(): Promise<number>;
  /** Removes what its retention rule lets go, a bounded number per call; true when there is more. */
  sweep(now: number): Promise<boolean>;
}
