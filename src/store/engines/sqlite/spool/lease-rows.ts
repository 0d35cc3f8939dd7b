/**
 * The lease of the open deliveries. One process owns them all. It takes the next epoch when it opens the file, and every group commit checks that
 * the file still has this epoch. The lock on the data folder keeps other processes away; the epoch protects where the lock does not work, for
 * example on a network disk.
 */
import { StoreError } from '#core';
import { boundedBy } from '../../../retention.js';
import type { Lease, SpoolStore } from '../../../spool-store.js';
import type { Answers, Noun } from '../database/nouns.js';
import type { Connection } from '../database/open-database.js';

/** What this process owns since it opened the file. */
export interface Ownership {
  readonly lease: Lease;
  /** The epoch that another owner has taken since then; set once this process has seen it. */
  readonly successor: number | undefined;
  /** Throws StoreError `superseded` if the file has another owner now. */
  checkFile(): void;
  /** Throws StoreError `superseded` if the lease is over. */
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
