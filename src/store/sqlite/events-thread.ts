/** Store thread: the only writer of events.db, apart from mail so that a large batch of events never delays an accept. */
import { join } from 'node:path';
import { makeConversationWrites } from './conversation-rows.js';
import { makeEventAppend } from './event-append.js';
import { makeEventSweep } from './event-sweep.js';
import { makeHttpCallReads, makeHttpCallWrites } from './http-call-rows.js';
import { loadMigrations, migrate } from './migrate.js';
import { type Connection, openDatabase } from './open-database.js';
import { serveThread, type ThreadCalls } from './serve-thread.js';

export type EventsCalls = ReturnType<typeof makeEventCalls>['reads'] & ReturnType<typeof makeEventCalls>['writes'] & ThreadCalls;

function makeEventCalls(database: Connection) {
  const cursor = database.prepare<[string], { seq: number }>('SELECT seq FROM reader WHERE name = ?');
  const { append, forget } = makeEventAppend(database);
  return {
    reads: { cursor: (reader: string): number => cursor.get(reader)?.seq ?? 0, ...makeHttpCallReads(database) },
    writes: { append, ...makeConversationWrites(database), ...makeHttpCallWrites(database), ...makeEventSweep(database, forget) },
    forget,
  };
}

serveThread((dataDir) => {
  const database = openDatabase(join(dataDir, 'events.db'), 'writer');
  migrate(database, loadMigrations('events'), join(dataDir, 'backup'));
  return [{ database, ...makeEventCalls(database) }];
});
