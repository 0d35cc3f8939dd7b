/**
 * Store thread: the only writer of events.db. It is separate from the writer of mail, so that a large batch of events never delays accepting mail.
 * Reads the outbox in spool.db, which the writer of mail has opened before.
 */
import { join } from 'node:path';
import { loadMigrations, migrate } from '../database/migrate.js';
import { openDatabase } from '../database/open-database.js';
import { makeEventMemory } from '../events/append.js';
import { EVENT_NOUNS } from '../events/nouns.js';
import { makeReaderUnit, makeWriterUnit, serveThread } from './serve-thread.js';

serveThread((dataDir) => {
  const events = openDatabase(join(dataDir, 'events.db'), 'writer');
  migrate(events, loadMigrations('events'), join(dataDir, 'backup'));
  const spool = openDatabase(join(dataDir, 'spool.db'), 'reader');
  return [makeWriterUnit('events', events, EVENT_NOUNS, makeEventMemory(events, spool)), makeReaderUnit('spool', spool, {})];
});
