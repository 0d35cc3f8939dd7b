/**
 * Walks over the queue that may take a while, on the reader thread: which deliveries have expired, how many stand before a delivery, how many there
 * are.
 */
import type { DeliveryKey, QueueStatistics } from '../../../spool-store.js';
import { type Connection, inSnapshot } from '../database/open-database.js';
import { LAST_SEQ } from './outbox-rows.js';
import type { QueueRow } from './wire.js';

export interface Position {
  message: number;
  id: number;
}

export interface ExpiredRow extends QueueRow {
  destinationName: string;
}

export interface WaitingRow extends ExpiredRow {
  acceptedAt: number;
}

/** How many rows one part of a walk looks at (8 ms), so that other questions to the reader thread never wait for a long queue. */
const PART = 20_000;

export const INSPECT_SQL = {
  // By message, because message ids grow with time. So only messages that are old enough are looked at, and settled mail is not looked at.
  expired: `SELECT q.destination, q.account, q.priority, q.due, q.id, q.message, q.recipient, q.attempts, q.last,
    q.recipient_name AS recipientName, q.variables, d.name AS destinationName
    FROM queue q INDEXED BY queue_by_message CROSS JOIN message m ON m.id = q.message CROSS JOIN destination d ON d.id = q.destination
    WHERE (q.message, q.id) > (?, ?) AND q.message <= ? AND m.expires_at <= ? ORDER BY q.message, q.id LIMIT ?`,
  dueAfter: `SELECT q.destination, q.account, q.priority, q.due, q.id, q.message, q.recipient, q.attempts, q.last,
    q.recipient_name AS recipientName, q.variables, d.name AS destinationName, m.accepted_at AS acceptedAt
    FROM queue q INDEXED BY queue_by_message CROSS JOIN message m ON m.id = q.message CROSS JOIN destination d ON d.id = q.destination
    WHERE (q.message, q.id) > (?, ?) AND q.message <= ? AND q.due > ? AND m.accepted_at > ? ORDER BY q.message, q.id LIMIT ?`,
  endOfPart: `SELECT message FROM queue INDEXED BY queue_by_message
    WHERE (message, id) > (?, ?) AND message < ? ORDER BY message, id LIMIT 1 OFFSET ${PART}`,
  countAhead: `SELECT count(*) AS rows FROM (SELECT 1 FROM queue
    WHERE destination = ? AND account = ? AND priority = ? AND (due, id) < (?, ?) LIMIT ?)`,
};

export function makeSpoolInspect(database: Connection) {
  const expired = database.prepare<number[], ExpiredRow>(INSPECT_SQL.expired);
  const dueAfter = database.prepare<number[], WaitingRow>(INSPECT_SQL.dueAfter);
  const endOfPart = database.prepare<number[], { message: number }>(INSPECT_SQL.endOfPart);
  const countAhead = database.prepare<number[], { rows: number }>(INSPECT_SQL.countAhead);

  /** One part of a walk over messages with an id below `before`. `read` finds the rows up to a message, `limit` rows at most. */
  function walk<Row extends QueueRow>(
    after: Position,
    before: number,
    limit: number,
    read: (last: number) => Row[],
  ): { rows: Row[]; next: Position | undefined } {
    // A part always ends with a whole message, so it may be longer by the recipients of its last message.
    const end = endOfPart.get(after.message, after.id, before)?.message;
    const rows = read(end ?? before - 1);
    const last = rows.at(-1);
    if (last !== undefined && rows.length === limit) return { rows, next: { message: last.message, id: last.id } };
    return { rows, next: end === undefined ? undefined : { message: end, id: Number.MAX_SAFE_INTEGER } };
  }

  return {
    expired: (now: number, after: Position, before: number, limit: number) =>
      walk(after, before, limit, (last) => expired.all(after.message, after.id, last, now, limit)),
    dueAfter: ({ due, accepted }: { due: number; accepted: number }, after: Position, limit: number) =>
      walk(after, Number.MAX_SAFE_INTEGER, limit, (last) => dueAfter.all(after.message, after.id, last, due, accepted, limit)),
    countAhead: ({ destination, account, priority, due, id }: DeliveryKey, limit: number): number =>
      countAhead.get(destination, account, priority, due, id, limit)?.rows ?? 0,
  };
}

/** Counts the whole queue, for the operator: one walk over its key. */
export function makeQueueStatistics(database: Connection) {
  const groups = database.prepare<[], { destination: number; deliveries: number; oldestDue: number }>(
    'SELECT destination, count(*) AS deliveries, min(due) AS oldestDue FROM queue GROUP BY destination ORDER BY deliveries DESC',
  );
  const nameOf = database.prepare<[number], { name: string }>('SELECT name FROM destination WHERE id = ?');
  const lastOutbox = database.prepare<[], { seq: number }>(`SELECT (${LAST_SEQ}) AS seq`);

  return {
    queueStatistics: inSnapshot(database, (top: number): QueueStatistics => {
      const found: QueueStatistics = {
        deliveries: 0,
        destinations: 0,
        oldestDue: undefined,
        top: [],
        lastOutbox: lastOutbox.get()?.seq ?? 0,
      };
      for (const { destination, deliveries, oldestDue } of groups.iterate()) {
        found.deliveries += deliveries;
        found.destinations += 1;
        found.oldestDue = Math.min(found.oldestDue ?? oldestDue, oldestDue);
        if (found.top.length < top) found.top.push({ destination: nameOf.get(destination)?.name ?? '', deliveries, oldestDue });
      }
      return found;
    }),
  };
}
