/** What the queue promises its users; `makeQueue` builds it. It knows when a delivery is due and whose turn it is, not how to deliver. */
import type { Delivery, LastAttempt, Message } from '#core';
import type { NewMessage, OutboxEvent, QueuedDelivery, QueueFilter } from '#store';

/** How a taken delivery ends its turn. */
export type Verdict =
  /** The delivery is over. */
  | { kind: 'done'; events: OutboxEvent[] }
  /** Try again at `due` (ms since the epoch). */
  | { kind: 'defer'; due: number; attempts: number; last: LastAttempt; events: OutboxEvent[] };

export interface Queue {
  /** Durable when it resolves; throws StoreError and keeps nothing otherwise. Wakes the destinations. */
  put(message: NewMessage): Promise<void>;

  /** Called with the name of a destination whenever it may have due work: after put(), at a due time, after a start. Cheap and idempotent. */
  onDue(listener: (destination: string) => void): void;
  /** At most `limit` due deliveries of a destination, fair among its accounts and priorities. The caller owns them until settle() or giveBack(). Empty: nothing is due now. */
  take(destination: string, limit: number): Promise<Delivery[]>;
  /** The message of a delivery, its bytes included; recent ones from memory. Undefined when it is gone from the spool. */
  message(id: number): Promise<Message | undefined>;
  /** Commits the verdict and its events together. False when the delivery had been cancelled meanwhile; nothing is written then. */
  settle(delivery: Delivery, verdict: Verdict): Promise<boolean>;
  /** Returns a delivery that was not tried: it is due again at once. */
  giveBack(delivery: Delivery): void;

  /** Operator's view; names the account. */
  list(filter: QueueFilter): Promise<QueuedDelivery[]>;
  /** Makes the open deliveries of these ids due now. Gives how many; those being attempted right now are left alone. */
  retry(account: number, deliveries: number[]): Promise<number>;
  /** Ends the open deliveries of these ids with a `failed` event that says so. Gives how many; those being attempted right now are left alone. */
  cancel(account: number, deliveries: number[]): Promise<number>;

  /** Finds what the spool holds and begins to call onDue listeners. */
  start(): Promise<void>;
  /** No more onDue calls; taken deliveries may still be settled. */
  stop(): void;
}
