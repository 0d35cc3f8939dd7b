/** Appends outbox rows to the event log, each at most once, and moves the reader's cursor with them. */
import type { OutboxRow } from '../../../spool-store.js';
import type { Connection } from '../database/open-database.js';

/** About 10 MB of stream names at most; beyond that everything is learnt anew. */
const REMEMBERED = 50_000;

/** `spool`: whose outbox the rows are from. */
export function makeEventAppend(database: Connection, spool: string) {
  const streamId = database.prepare<[number, string, string, string], { id: number }>(
    'SELECT id FROM stream WHERE account = ? AND domain = ? AND event = ? AND severity = ?',
  );
  const insertStream = database.prepare<[number, string, string, string]>(
    'INSERT INTO stream (account, domain, event, severity) VALUES (?, ?, ?, ?)',
  );
  const insertEvent = database.prepare(
    'INSERT INTO event (id, stream, at, recipient, message_id, body) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
  );
  const moveCursor = database.prepare<[string, number, string]>(
    `INSERT INTO reader (name, seq, spool) VALUES (?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET seq = excluded.seq, spool = excluded.spool WHERE excluded.seq > seq`,
  );
  const setCursor = database.prepare<[string, string]>(
    'INSERT INTO reader (name, seq, spool) VALUES (?, 0, ?) ON CONFLICT (name) DO UPDATE SET seq = 0, spool = excluded.spool',
  );
  const streams = new Map<string, number>();

  function streamOf({ account, domain, event, severity }: OutboxRow): number {
    const key = `${account} ${domain} ${event} ${severity}`;
    const known = streams.get(key);
    if (known !== undefined) return known;
    const fields = [account, domain, event, severity] as const;
    const id = streamId.get(...fields)?.id ?? Number(insertStream.run(...fields).lastInsertRowid);
    if (streams.size >= REMEMBERED) streams.clear();
    streams.set(key, id);
    return id;
  }

  return {
    append(reader: string, rows: OutboxRow[]): void {
      for (const row of rows) insertEvent.run(row.id, streamOf(row), row.at, row.recipient, row.messageId, row.body);
      const last = rows.at(-1);
      if (last) moveCursor.run(reader, last.seq, spool);
    },
    rewindReader(reader: string): void {
      setCursor.run(reader, spool);
    },
    /** Forgets all numbers of streams: rows may have been rolled back or removed. */
    forget: () => streams.clear(),
  };
}
