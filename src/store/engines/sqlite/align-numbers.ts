/**
 * Numbers that one database file gives and others keep: of deliveries and messages (spool.db) and of accounts (directory.db). A file that was restored
 * from an older copy, or made anew, would give them once more, to other mail and other people; so each begins above what any file knows.
 */
import type { DatabaseCalls } from './calls.js';

/** Call it before anything else is asked of the threads. */
export async function alignNumbers({ directory, spool, events }: DatabaseCalls): Promise<void> {
  const [inEvents, backlogs, largestId, accounts] = await Promise.all([
    events.largestInEvents(),
    spool.backlogs(),
    spool.largestId(),
    directory.countAccounts(),
  ]);
  const account = Math.max(inEvents.account, ...backlogs.map((one) => one.account));
  if (inEvents.delivery > largestId) await spool.raiseIds(inEvents.delivery);
  // Accounts are never removed: as many as there are, so large is the largest.
  if (account > accounts) await directory.raiseAccounts(account);
}
