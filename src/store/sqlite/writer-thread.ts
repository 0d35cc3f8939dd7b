/** Store thread: the only writer of directory.db and spool.db, and the point look-ups that mail waits for. */
import { join } from 'node:path';
import { makeDestinations } from './destinations.js';
import { type DirectoryReads, makeDirectoryReads } from './directory-reads.js';
import { type DirectoryWrites, makeDirectoryWrites } from './directory-writes.js';
import { makeGivenAnswerReads } from './given-answers.js';
import { makeGroupTally } from './group-tally.js';
import { makeIdRaise } from './largest-numbers.js';
import { loadMigrations, migrate } from './migrate.js';
import { type Connection, openDatabase } from './open-database.js';
import { makeOutboxReads, makeOutboxWrites } from './outbox-rows.js';
import { removeOrphanBodies } from './remove-orphan-bodies.js';
import { makeRestrictionReads, makeRestrictionWrites } from './restriction-rows.js';
import { serveThread, type ThreadCalls } from './serve-thread.js';
import { makeHoldReads, makeHoldWrites } from './spool-holds.js';
import { makeSpoolPut } from './spool-put.js';
import { makeSpoolReads } from './spool-reads.js';
import { makeSpoolSettle } from './spool-settle.js';
import { makeSpoolSweep } from './spool-sweep.js';
import { makeSpoolTake } from './spool-take.js';
import { makeStoredWrites } from './stored-messages.js';
import { makeWarmupReads, makeWarmupWrites } from './warmup-rows.js';

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
