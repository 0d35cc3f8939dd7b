/** Rows of the outbox: written by put and settle in their own transaction, read and trimmed by the readers of events. */
import type { OutboxEvent, OutboxExtent, OutboxRow } from '../../../spool-store.js';
import type { Connection } from '../database/open-database.js';

/** Numbers are never given twice, so what was trimmed counts. */
export const LAST_SEQ = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'outbox'";

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
  const extent = database.prepare<
    [],
    OutboxExtent
  >(`SELECT id AS spool, (${LAST_SEQ}) AS last, coalesce((SELECT min(seq) FROM outbox), (${LAST_SEQ}) + 1) AS first
     FROM identity`);
  return {
    outbox: (after: number, limit: number): OutboxRow[] => page.all(after, limit),
    outboxExtent: (): OutboxExtent => extent.get() as OutboxExtent,
  };
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
