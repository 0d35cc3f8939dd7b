/** Store thread: the only writer of directory.db and spool.db. It also answers the quick look-ups that mail waits for. */
import { join } from 'node:path';
import { loadMigrations, migrate } from '../database/migrate.js';
import { openDatabase } from '../database/open-database.js';
import { makeDirectoryMemory } from '../directory/memory.js';
import { DIRECTORY_NOUNS } from '../directory/nouns.js';
import { removeOrphanBodies } from '../spool/body-files.js';
import { makeSpoolMemory } from '../spool/memory.js';
import { SPOOL_NOUNS } from '../spool/nouns.js';
import { makeWriterUnit, serveThread } from './serve-thread.js';

serveThread((dataDir) => {
  const directory = openDatabase(join(dataDir, 'directory.db'), 'writer');
  const spool = openDatabase(join(dataDir, 'spool.db'), 'writer');
  migrate(directory, loadMigrations('directory'), join(dataDir, 'backup'));
  migrate(spool, loadMigrations('spool'), join(dataDir, 'backup'));
  removeOrphanBodies(spool, join(dataDir, 'spool'));
  return [
    makeWriterUnit('directory', directory, DIRECTORY_NOUNS, makeDirectoryMemory()),
    makeWriterUnit('spool', spool, SPOOL_NOUNS, makeSpoolMemory(spool)),
  ];
});
