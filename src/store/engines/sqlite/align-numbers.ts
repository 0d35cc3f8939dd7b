/**
 * Numbers that one database file gives and others keep: of deliveries and messages (spool.db) and of accounts (directory.db). A file that was restored
 * from an older copy, or made anew, would give them once more, to other mail and other people; so each begins above what any file knows.
 */
import type { ReaderCalls } from './threads/reader-thread.js';
import type { StoreThread } from './threads/store-thread.js';
import type { WriterCalls } from './threads/writer-thread.js';

/** Call it before anything else is asked of the threads. */
export async function alignNumbers(writer: StoreThread<WriterCalls>, reader: StoreThread<ReaderCalls>): Promise<void> {
  const [inEvents, backlog, largestId, accounts] = await Promise.all([
    reader.call('largestInEvents'),
    writer.call('backlog'),
    writer.call('largestId'),
    writer.call('countAccounts'),
  ]);
  const account = Math.max(inEvents.account, ...backlog.map((one) => one.account));
  if (inEvents.delivery > largestId) await writer.call('raiseIds', inEvents.delivery);
  // Accounts are never removed: as many as there are, so large is the largest.
  if (account > accounts) await writer.call('raiseAccounts', account);
}
