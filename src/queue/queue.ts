/** What the queue promises its users; `makeQueue` builds it. It knows when a delivery is due and whose turn it is, not how to deliver. */
import type { Delivery, LastAttempt, Message } from '#core';
import type { Hold, HoldFilter, NewMessage, OutboxEvent, QueuedDelivery, QueueFilter } from '#store';
import type { WaitReason } from './flows/wait-reason.js';
import type { PauseFilter } from './pauses.js';

/** What becomes of a delivery that was taken and tried. */
export type Verdict =
  /** The delivery is over. */
  | { kind: 'done'; events: OutboxEvent[] }
  /** Try again at `due` (ms since the epoch). */
  | { kind: 'defer'; due: number; attempts: number; last: LastAttempt; events: OutboxEvent[] };

/** Who delivers. All calls are cheap, may come more often than needed, and come from within other calls of the queue. */
export interface QueueListener {
  /** The site may have due work: after put(), at a due time, after place() and resume(). */
  onDue(site: string): void;
  /** The destination has due work and its site is not known, or was told too long ago: answer with place(), when it is known. */
  onUnplaced(destination: string): void;
  /** In plain words why a delivery that is due at this site is not being attempted; undefined when there is nothing to say. */
  explain(site: string, delivery: Delivery): string | undefined;
  /** In plain words why a delivery waits for a source, however due it is: none takes its mail for now. Undefined when it does not. */
  explainDeferral(delivery: Delivery): string | undefined;
  /** In plain words why a delivery that was taken is not being attempted; undefined when it is. */
  explainTaken(delivery: Delivery): string | undefined;
}

export interface Queue {
  /** Durable when it resolves; throws StoreError and keeps nothing otherwise. */
  put(message: NewMessage): Promise<void>;

  listen(listener: QueueListener): void;
  /**
   * All mail for the destination goes to this site from now on. After `until` (monotonic clock, ms) the queue asks again when something becomes due
   * for the destination. Memory only: mail that waits moves along, and no row is written.
   */
  place(destination: string, site: string, until: number): void;
  /**
   * At most `limit` due deliveries of a site, fair among its accounts and priorities. The caller owns them until settle(), giveBack(),
   * defer() or deferFlow(). Empty: nothing may be taken now; onDue() tells when something may.
   */
  take(site: string, limit: number): Delivery[];
  /** Nothing is taken from the site until resume(); what waits there stays in the spool. `until`, ms by a steady clock, and `why` are for people. */
  suspend(site: string, until: number, why: string): void;
  resume(site: string): void;
  /** Nothing is taken of the mail that fits the filter, until that time (ms by a steady clock). Memory only. */
  pause(filter: PauseFilter, until: number, why: string): void;

  /**
   * The message of a delivery, its bytes included; recent ones from memory. Undefined when it is gone from the spool. `expiresAt` is
   * given by the wall clock as it is set now: when the clock is set while we run, a message keeps the lifetime it was given.
   */
  message(id: number): Promise<Message | undefined>;
  /** An operator's hold on the sending domain covers it: defer() instead of an attempt. */
  isHeld(delivery: Delivery, message: Message): boolean;
  /** Commits the verdict and its events together. False when the delivery had been cancelled meanwhile; nothing is written then. */
  settle(delivery: Delivery, verdict: Verdict): Promise<boolean>;
  /** Returns a delivery that was not tried: it is due again at once. */
  giveBack(delivery: Delivery): void;
  /** Returns a delivery that waits for a source or a release: it is due again when its hold is released, or when bringBack() names it or an earlier one of its flow. */
  defer(delivery: Delivery): void;
  /** What was deferred of a flow from this delivery on is due again. Costs another read of those rows, never a write. */
  bringBack(delivery: Delivery): void;
  /** Returns a delivery that no source can take; nothing more of its flow is taken until the function that this gives is called. */
  deferFlow(delivery: Delivery): () => void;

  /** Memory is tight: gives up what can be read again from the spool. */
  relieve(): void;

  /** Operator's view; names the account. */
  list(filter: QueueFilter): Promise<QueuedDelivery[]>;
  /** True when mail for the destination goes to this site. False also while its site is not known: nothing was due for it since the start. */
  isAt(destination: string, site: string): boolean;
  /** The site that mail for the destination goes to; undefined when it is not known. */
  siteOf(destination: string): string | undefined;
  /** Why an open delivery waits and when it is tried next. */
  why(delivery: QueuedDelivery): Promise<WaitReason>;
  /** What keeps it from being tried however due it is: a hold, a pause, a suspended site, no source. Undefined: it waits for its turn only. Memory only. */
  obstacle(delivery: Delivery & { domain: string }): WaitReason | undefined;
  /** Makes the open deliveries of these ids due now. Gives how many; those being attempted right now or scheduled by their sender stay as they are. */
  retry(account: number, deliveries: number[]): Promise<number>;
  /** Ends the open deliveries of these ids with a `failed` event that says so. Gives how many; those being attempted right now stay as they are. */
  cancel(account: number, deliveries: number[]): Promise<number>;
  /**
   * Ends every open delivery of a sending domain, scheduled ones too, with a `failed` event that says so; those being attempted right now end with
   * their attempt. Gives how many ended before it resolved.
   */
  clear(account: number, domain: string): Promise<number>;
  /** Keeps what fits from being tried, now and later, until release(); attempts under way go on. Held mail still expires. Durable; no queue row is written. */
  hold(filter: HoldFilter, reason?: string): Promise<Hold>;
  /** Ends the holds that were made with exactly these fields, and gives them. */
  release(filter: HoldFilter): Promise<Hold[]>;
  /** The holds on the account's mail, the operator's and its own; for EVERY_ACCOUNT, all holds. */
  holds(account: number): Hold[];

  /** Finds what the spool holds and begins to call the listener. */
  start(): Promise<void>;
  /** The listener is not called any more; taken deliveries may still be settled. */
  stop(): void;
}
