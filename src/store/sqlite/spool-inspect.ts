/** Walks over the queue that may take a while, on the reader thread: what has expired, and how much stands before a delivery. */
import type { DeliveryKey } from '../spool-store.js';
import type { Connection } from './open-database.js';
import type { QueueRow } from './spool-wire.js';

export interface ExpiredRow extends QueueRow {
  destinationName: string;
}

export const INSPECT_SQL = {
  // By message, whose ids grow with time: only what was accepted long enough ago is looked at, and settled mail not at all.
  expired: `SELECT q.destination, q.account, q.priority, q.due, q.id, q.message, q.recipient, q.attempts, q.last,
    q.recipient_name AS recipientName, q.variables, d.name AS destinationName
    FROM queue q INDEXED BY queue_by_message CROSS JOIN message m ON m.id = q.message CROSS JOIN destination d ON d.id = q.destination
    WHERE (q.message, q.id) > (?, ?) AND q.message < ? AND m.expires_at <= ? ORDER BY q.message, q.id LIMIT ?`,
  countAhead: `SELECT count(*) AS rows FROM (SELECT 1 FROM queue
    WHERE destination = ? AND account = ? AND priority = ? AND (due, id) < (?, ?) LIMIT ?)`,
};

export function makeSpoolInspect(database: Connection) {
  const expired = database.prepare<number[], ExpiredRow>(INSPECT_SQL.expired);
  const countAhead = database.prepare<number[], { rows: number }>(INSPECT_SQL.countAhead);
  return {
    expired: (now: number, after: { message: number; id: number }, before: number, limit: number): ExpiredRow[] =>
      expired.all(after.message, after.id, before, now, limit),
    countAhead: ({ destination, account, priority, due, id }: DeliveryKey, limit: number): number =>
      countAhead.get(destination, account, priority, due, id, limit)?.rows ?? 0,
  };
}
