/** What the operations on the spool remember together, in the thread that writes it. */
import type { Backlog } from '../../../spool-store.js';
import type { GroupMemory } from '../database/nouns.js';
import type { Connection } from '../database/open-database.js';
import { type Destinations, makeDestinations } from './destinations.js';
import { type Ownership, takeOwnership } from './lease-rows.js';

export interface SpoolMemory extends GroupMemory {
  ownership: Ownership;
  destinations: Destinations;
  tally: GroupTally;
}

export function makeSpoolMemory(database: Connection): SpoolMemory {
  const destinations = makeDestinations(database);
  const tally = makeGroupTally(database);
  const ownership = takeOwnership(database);
  return {
    ownership,
    destinations,
    tally,
    afterBegin: ownership.checkFile,
    lost: () => ownership.successor !== undefined,
    beforeCommit: tally.write,
    forget() {
      destinations.forget();
      tally.forget();
    },
  };
}

/**
 * Gathers changes of rows that every put and settle of a group would change (the largest id, the backlog of an account). They are gathered in memory
 * while the calls run and written once, just before the commit. So a message needs no statement for them.
 */
export interface GroupTally {
  noteId(id: number): void;
  /** Adds to what the account has waiting; negative when deliveries end. */
  add(account: number, deliveries: number, bytes: number): void;
  /** Runs the statements and forgets what they wrote. */
  write(): void;
  forget(): void;
}

function makeGroupTally(database: Connection): GroupTally {
  const raiseMark = database.prepare('UPDATE id_mark SET largest = ? WHERE largest < ?');
  const addBacklog = database.prepare<[number, number, number]>(
    `INSERT INTO backlog (account, deliveries, bytes) VALUES (?, ?, ?)
     ON CONFLICT (account) DO UPDATE SET deliveries = deliveries + excluded.deliveries, bytes = bytes + excluded.bytes`,
  );
  let largest = 0;
  const changes = new Map<number, Backlog>();

  const forget = () => {
    largest = 0;
    changes.clear();
  };
  return {
    noteId(id) {
      if (id > largest) largest = id;
    },
    add(account, deliveries, bytes) {
      const known = changes.get(account);
      if (known === undefined) changes.set(account, { deliveries, bytes });
      else {
        known.deliveries += deliveries;
        known.bytes += bytes;
      }
    },
    write() {
      if (largest > 0) raiseMark.run(largest, largest);
      for (const [account, { deliveries, bytes }] of changes) addBacklog.run(account, deliveries, bytes);
      forget();
    },
    forget,
  };
}
