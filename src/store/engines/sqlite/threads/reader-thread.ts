/**
 * Store thread: read-only connections to all three files, for what may take long. Every call sees all that was committed
 * before it began.
 */
import { join } from 'node:path';
import { type Connection, openDatabase } from '../database/open-database.js';
import { type DirectoryLists, makeDirectoryLists } from '../directory/lists.js';
import { makeConversationReads } from '../events/conversation-rows.js';
import { makeEventNumbers, makeEventQuery } from '../events/query.js';
import { makeSpoolCensus, makeSpoolInspect } from '../spool/inspect.js';
import { makeSpoolList } from '../spool/list.js';
import { makeStoredReads } from '../spool/stored-messages.js';
import { serveThread, type Unit } from './serve-thread.js';

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
