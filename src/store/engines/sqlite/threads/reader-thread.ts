/**
 * Store thread: read-only connections to all three files, for reads that may take long. Every call sees everything that was committed before it
 * began.
 */
import { join } from 'node:path';
import type { Nouns } from '../database/nouns.js';
import { openDatabase } from '../database/open-database.js';
import { DIRECTORY_NOUNS } from '../directory/nouns.js';
import { EVENT_NOUNS } from '../events/nouns.js';
import { SPOOL_NOUNS } from '../spool/nouns.js';
import { makeReaderUnit, serveThread } from './serve-thread.js';

serveThread((dataDir) => {
  const unit = (name: string, nouns: Nouns<never>) => makeReaderUnit(name, openDatabase(join(dataDir, `${name}.db`), 'reader'), nouns);
  return [unit('directory', DIRECTORY_NOUNS), unit('spool', SPOOL_NOUNS), unit('events', EVENT_NOUNS)];
});
