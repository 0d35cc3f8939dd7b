/**
 * Store thread: the only writer of events.db, apart from mail so that a large batch of events never delays an accept. Reads the outbox of spool.db,
 * which the writer of mail has opened before.
 */
import { join } from 'node:path';
import type { ReaderCursor } from '../../../event-store.js';
import { loadMigrations, migrate } from '../database/migrate.js';
import { type Connection, openDatabase } from '../database/open-database.js';
import { makeEventAppend } from '../events/append.js';
import { makeConversationWrites } from '../events/conversation-rows.js';
import { makeHttpCallReads, makeHttpCallWrites } from '../events/http-call-rows.js';
import { makeEventSweep } from '../events/sweep.js';
import { makeOutboxReads } from '../spool/outbox-rows.js';
import { serveThread, type ThreadCalls } from './serve-thread.js';

export type EventsCalls = ReturnType<typeof makeEventCalls>['reads'] & ReturnType<typeof makeEventCalls>['writes'] & ThreadCalls;

function makeEventCalls(database: Connection, spool: Connection) {
  const cursor = database.prepare<[string], ReaderCursor>('SELECT seq AS position, spool FROM reader WHERE name = ?');
  const { outbox, outboxExtent } = makeOutboxReads(spool);
  const { append, rewindReader, forget } = makeEventAppend(database, outboxExtent().spool);
  /** The rows go from file to file here: through the main thread each would be copied four times more. */
  function appendOutbox(reader: string, after: number, limit: number): number[] {
    const rows = outbox(after, limit);
    append(reader, rows);
    return [rows.length, rows.at(-1)?.seq ?? after];
  }
  return {
    reads: { cursor: (reader: string): ReaderCursor | undefined => cursor.get(reader), ...makeHttpCallReads(database) },
    writes: {
      append,
      appendOutbox,
      rewindReader,
      ...makeConversationWrites(database),
      ...makeHttpCallWrites(database),
      ...makeEventSweep(database, forget),
    },
    forget,
  };
}

serveThread((dataDir) => {
  const database = openDatabase(join(dataDir, 'events.db'), 'writer');
  migrate(database, loadMigrations('events'), join(dataDir, 'backup'));
  const spool = openDatabase(join(dataDir, 'spool.db'), 'reader');
  return [
    { database, ...makeEventCalls(database, spool) },
    { database: spool, reads: {}, writes: {}, forget: () => undefined },
  ];
});
