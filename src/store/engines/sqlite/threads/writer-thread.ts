/** Store thread: the only writer of directory.db and spool.db, and the point look-ups that mail waits for. */
import { join } from 'node:path';
import { loadMigrations, migrate } from '../database/migrate.js';
import { type Connection, openDatabase } from '../database/open-database.js';
import { type DirectoryReads, makeDirectoryReads } from '../directory/reads.js';
import { type DirectoryWrites, makeDirectoryWrites } from '../directory/writes.js';
import { removeOrphanBodies } from '../spool/body-files.js';
import { makeDestinations } from '../spool/destinations.js';
import { makeGivenAnswerReads } from '../spool/given-answers.js';
import { makeGroupTally } from '../spool/group-tally.js';
import { makeHoldReads, makeHoldWrites } from '../spool/hold-rows.js';
import { makeOutboxReads, makeOutboxWrites } from '../spool/outbox-rows.js';
import { makeSpoolPut } from '../spool/put.js';
import { makeIdRaise, makeSpoolReads } from '../spool/reads.js';
import { makeRestrictionReads, makeRestrictionWrites } from '../spool/restriction-rows.js';
import { makeSpoolSettle } from '../spool/settle.js';
import { makeStoredWrites } from '../spool/stored-messages.js';
import { makeSpoolSweep } from '../spool/sweep.js';
import { makeSpoolTake } from '../spool/take.js';
import { makeWarmupReads, makeWarmupWrites } from '../spool/warmup-rows.js';
import { serveThread, type ThreadCalls } from './serve-thread.js';

type SpoolCalls = ReturnType<typeof makeSpoolCalls>['reads'] & ReturnType<typeof makeSpoolCalls>['writes'];
export type WriterCalls = DirectoryReads & DirectoryWrites & SpoolCalls & ThreadCalls;

function makeSpoolCalls(database: Connection) {
  const destinations = makeDestinations(database);
  const tally = makeGroupTally(database);
  return {
    reads: {
      ...makeSpoolReads(database),
      ...makeSpoolTake(database, destinations),
      ...makeOutboxReads(database),
      ...makeHoldReads(database),
      ...makeWarmupReads(database),
      ...makeRestrictionReads(database),
      ...makeGivenAnswerReads(database),
    },
    writes: {
      ...makeIdRaise(database),
      ...makeSpoolPut(database, destinations, tally),
      ...makeSpoolSettle(database, tally),
      ...makeOutboxWrites(database),
      ...makeHoldWrites(database),
      ...makeWarmupWrites(database),
      ...makeRestrictionWrites(database),
      ...makeStoredWrites(database),
      ...makeSpoolSweep(database, destinations),
    },
    beforeCommit: tally.write,
    forget() {
      destinations.forget();
      tally.forget();
    },
  };
}

serveThread((dataDir) => {
  const directory = openDatabase(join(dataDir, 'directory.db'), 'writer');
  const spool = openDatabase(join(dataDir, 'spool.db'), 'writer');
  migrate(directory, loadMigrations('directory'), join(dataDir, 'backup'));
  migrate(spool, loadMigrations('spool'), join(dataDir, 'backup'));
  removeOrphanBodies(spool, join(dataDir, 'spool'));
  return [
    { database: directory, reads: makeDirectoryReads(directory), writes: makeDirectoryWrites(directory), forget: () => undefined },
    { database: spool, ...makeSpoolCalls(spool) },
  ];
});
