/** Rows of the outbox: written by put and settle in their own transaction, read and trimmed by the readers of events. */
import { keptUntil } from '../../../retention.js';
import type { OutboxEvent, OutboxExtent, OutboxRow, SpoolStore } from '../../../spool-store.js';
import type { Answers, Noun } from '../database/nouns.js';
import type { Connection } from '../database/open-database.js';

/** Numbers are never given twice, so numbers of trimmed rows count, too. */
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

export type OutboxLookups = Answers<SpoolStore, 'outbox' | 'outboxExtent'>;

export function makeOutboxLookups(database: Connection): OutboxLookups {
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
    outbox: (after, limit) => page.all(after, limit),
    outboxExtent: () => extent.get() as OutboxExtent,
  };
}

function makeOutboxWrites(database: Connection): Answers<SpoolStore, 'putEvents' | 'trimOutbox'> {
  const putEvents = makeOutboxInsert(database);
  const trim = database.prepare<[number]>('DELETE FROM outbox WHERE seq <= ?');
  return {
    putEvents,
    trimOutbox(seq) {
      trim.run(seq);
    },
  };
}

export const outboxRows = {
  tables: { outbox: keptUntil('every reader has it') },
  lookups: makeOutboxLookups,
  writes: makeOutboxWrites,
} satisfies Noun<unknown>;
