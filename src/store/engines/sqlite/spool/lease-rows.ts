/**
 * The lease of the open deliveries. One process owns them all: it takes the next epoch when it opens the file, and every group commit looks whether the
 * file still has that one. The lock on the data folder keeps others away; the epoch is for where it cannot, as on a network's disk.
 */
import { StoreError } from '#core';
import { boundedBy } from '../../../retention.js';
import type { Lease, SpoolStore } from '../../../spool-store.js';
import type { Answers, Noun } from '../database/nouns.js';
import type { Connection } from '../database/open-database.js';

/** What this process owns, from when the file was opened. */
export interface Ownership {
  readonly lease: Lease;
  /** The epoch that another owner has taken since, once it was seen. */
  readonly successor: number | undefined;
  /** Throws StoreError `superseded` when the file has another owner now. */
  checkFile(): void;
  /** Throws StoreError `superseded` for a lease that is over. */
  check(lease: Lease): void;
}

const superseded = (mine: number, theirs: number) =>
  new StoreError('superseded', `the deliveries have another owner: epoch ${theirs} has followed on ${mine}`);

export function takeOwnership(database: Connection): Ownership {
  const next = database.prepare<[], Lease>("UPDATE lease SET epoch = epoch + 1 WHERE flows = 'all' RETURNING flows, epoch");
  const current = database.prepare<[], number>("SELECT epoch FROM lease WHERE flows = 'all'").pluck();
  const lease = next.get() as Lease;
  let successor: number | undefined;
  return {
    lease,
    get successor() {
      return successor;
    },
    checkFile() {
      const epoch = current.get() as number;
      if (epoch === lease.epoch) return;
      successor = epoch;
      throw superseded(lease.epoch, epoch);
    },
    check({ epoch }) {
      if (epoch !== lease.epoch) throw superseded(epoch, lease.epoch);
    },
  };
}

const makeLeaseLookups = (_database: Connection, { ownership }: { ownership: Ownership }): Answers<SpoolStore, 'lease'> => ({
  lease: () => ownership.lease,
});

export const leaseRows = {
  tables: { lease: boundedBy('a single row') },
  lookups: makeLeaseLookups,
} satisfies Noun<{ ownership: Ownership }>;
