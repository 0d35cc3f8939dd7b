/**
 * Store thread: read-only connections to all three files, for what may take long. Every call sees all that was committed
 * before it began.
 */
import { join } from 'node:path';
import { makeConversationReads } from './conversation-rows.js';
import { type DirectoryLists, makeDirectoryLists } from './directory-lists.js';
import { makeEventQuery } from './event-query.js';
import { makeEventNumbers } from './largest-numbers.js';
import { type Connection, openDatabase } from './open-database.js';
import { serveThread, type Unit } from './serve-thread.js';
import { makeSpoolCensus } from './spool-census.js';
import { makeSpoolInspect } from './spool-inspect.js';
import { makeSpoolList } from './spool-list.js';
import { makeStoredReads } from './stored-messages.js';

export type ReaderCalls = DirectoryLists & SpoolViews & EventReads;
type SpoolViews = ReturnType<typeof makeSpoolViews>;
type EventReads = ReturnType<typeof makeEventReads>;

const makeSpoolViews = (database: Connection) => ({
  ...makeSpoolList(database),
  ...makeSpoolCensus(database),
  ...makeSpoolInspect(database),
  ...makeStoredReads(database),
});
const makeEventReads = (database: Connection) => ({
  ...makeEventQuery(database),
  ...makeConversationReads(database),
  ...makeEventNumbers(database),
});

serveThread((dataDir) => {
  const unit = (name: string, makeReads: (database: Unit['database']) => Unit['reads']): Unit => {
    const database = openDatabase(join(dataDir, name), 'reader');
    return { database, reads: makeReads(database), writes: {}, forget: () => undefined };
  };
  return [unit('directory.db', makeDirectoryLists), unit('spool.db', makeSpoolViews), unit('events.db', makeEventReads)];
});
