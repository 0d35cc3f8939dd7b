/** Rows of the outbox: written by put and settle in their own transaction, read and trimmed by the readers of events. */
import type { OutboxEvent, OutboxRow } from '../spool-store.js';
import type { Connection } from './open-database.js';

export function makeOutboxInsert(database: Connection): (events: OutboxEvent[]) => void {
  const insert = database.prepare(
    `INSERT INTO outbox (id, account, domain, at, event, recipient, message_id, severity, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return (events) => {
    for (const { id, account, domain, at, event, recipient, messageId, severity, body } of events) {
      insert.run(id, account, domain, at, event, recipient, messageId, severity, body);
    }
  };
}

export function makeOutboxReads(database: Connection) {
  const page = database.prepare<[number, number], OutboxRow>(
    `SELECT seq, id, account, domain, at, event, recipient, message_id AS messageId, severity, body
     FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?`,
  );
  return { outbox: (after: number, limit: number): OutboxRow[] => page.all(after, limit) };
}

export function makeOutboxWrites(database: Connection) {
  const putEvents = makeOutboxInsert(database);
  const trim = database.prepare<[number]>('DELETE FROM outbox WHERE seq <= ?');
  return {
    putEvents,
    trimOutbox(seq: number): void {
      trim.run(seq);
    },
  };
}
