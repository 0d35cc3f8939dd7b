/** Appends outbox rows to the event log, each at most once, and moves the reader's cursor with them. */
import type { EventStore, ReaderCursor } from '../../../event-store.js';
import type { OutboxRow } from '../../../spool-store.js';
import type { Answers, GroupMemory } from '../database/nouns.js';
import type { Connection } from '../database/open-database.js';
import { makeOutboxLookups, type OutboxLookups } from '../spool/outbox-rows.js';

/** About 10 MB of stream names at most. When there are more, all are forgotten and read again. */
const REMEMBERED = 50_000;

/** What the operations on the log remember together, in the thread that writes it. */
export interface EventMemory extends GroupMemory {
  /** The outbox of the spool that lies in the data folder now. */
  outbox: OutboxLookups;
  /** The number of the stream that the event belongs to. */
  streamOf(event: OutboxRow): number;
  /** Forgets all numbers of streams: rows may have been rolled back or removed. */
  forget(): void;
}

export function makeEventMemory(database: Connection, spool: Connection): EventMemory {
  const find = database.prepare<[number, string, string, string], { id: number }>(
    'SELECT id FROM stream WHERE account = ? AND domain = ? AND event = ? AND severity = ?',
  );
  const insert = database.prepare<[number, string, string, string]>(
    'INSERT INTO stream (account, domain, event, severity) VALUES (?, ?, ?, ?)',
  );
  const streams = new Map<string, number>();
  return {
    outbox: makeOutboxLookups(spool),
    streamOf({ account, domain, event, severity }) {
      const key = `${account} ${domain} ${event} ${severity}`;
      const known = streams.get(key);
      if (known !== undefined) return known;
      const fields = [account, domain, event, severity] as const;
      const id = find.get(...fields)?.id ?? Number(insert.run(...fields).lastInsertRowid);
      if (streams.size >= REMEMBERED) streams.clear();
      streams.set(key, id);
      return id;
    },
    forget: () => streams.clear(),
  };
}

export function makeEventLookups(database: Connection): Answers<EventStore, 'cursor'> {
  const cursor = database.prepare<[string], ReaderCursor>('SELECT seq AS position, spool FROM reader WHERE name = ?');
  return { cursor: (reader) => cursor.get(reader) };
}

export function makeEventAppend(
  database: Connection,
  { outbox: { outbox, outboxExtent }, streamOf }: EventMemory,
): Answers<EventStore, 'append' | 'appendOutbox' | 'rewindReader'> {
  const { spool } = outboxExtent();
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

  function append(reader: string, rows: OutboxRow[]): void {
    for (const row of rows) insertEvent.run(row.id, streamOf(row), row.at, row.recipient, row.messageId, row.body);
    const last = rows.at(-1);
    if (last) moveCursor.run(reader, last.seq, spool);
  }

  return {
    append,
    /** The rows are copied from file to file in this thread. Through the main thread each row would be copied four more times. */
    appendOutbox(reader, after, limit) {
      const rows = outbox(after, limit);
      append(reader, rows);
      return { count: rows.length, position: rows.at(-1)?.seq ?? after };
    },
    rewindReader: (reader) => void setCursor.run(reader, spool),
  };
}
