/** Opens a data folder: locks it, starts the store threads (which migrate first), and gives the three stores. */
import { join } from 'node:path';
import { makeChangeFeed } from '../../changes.js';
import type { StoreOptions, Stores } from '../../stores.js';
import { type DatabaseCalls, makeDatabaseCalls } from './calls.js';
import { lockFolder } from './database/lock-folder.js';
import { prepareFolder } from './database/prepare-folder.js';
import { makeBodyFiles } from './spool/body-files.js';
import { makeSpoolStore } from './spool-store.js';
import type { ThreadOperations } from './threads/serve-thread.js';
import { makeCalls, type StoreThread, startStoreThread } from './threads/store-thread.js';

/**
 * Throws a plain Error whose text tells an operator what to do: the folder is in use or not writable, a database has a newer schema, a migration or
 * a durability setting failed. After an error nothing is left running or locked.
 */
export async function openStores({ dataDir, onFatal }: StoreOptions): Promise<Stores> {
  prepareFolder(dataDir);
  const release = lockFolder(dataDir);
  let isFatal = false;
  const onDeath = (error: Error) => {
    if (isFatal) return;
    isFatal = true;
    onFatal(error);
  };
  const changes = makeChangeFeed();
  const opened: StoreThread[] = [];
  const open = async (name: string) => {
    const script = new URL(`./threads/${name}.js`, import.meta.url);
    opened.push(await startStoreThread(script, { dataDir }, { onDeath, onChanges: changes.publish }));
  };
  // All threads stop taking calls at once, then they are closed in reverse order: the reader first, so that it does not hold back the writers' last
  // checkpoint.
  const closeAll = async () => {
    for (const thread of opened) thread.refuse();
    for (const thread of opened.reverse()) await thread.close();
    release();
  };
  try {
    // One after the other, because each thread needs what those before it have made.
    for (const name of ['writer-thread', 'events-thread', 'reader-thread']) await open(name);
    const calls = makeDatabaseCalls(opened);
    await alignNumbers(calls);
    let closing: Promise<void> | undefined;
    return {
      directory: { ...calls.directory, changes },
      spool: await makeSpoolStore(calls.spool, makeBodyFiles(join(dataDir, 'spool'))),
      events: calls.events,
      async commitStats() {
        const asked = opened.map((thread) => makeCalls<ThreadOperations>('thread', [thread]).commitStats());
        return (await Promise.all(asked)).flat();
      },
      close() {
        closing ??= closeAll();
        return closing;
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/**
 * Aligns numbers that one database file gives out and other files keep: numbers of deliveries and messages (spool.db) and of accounts
 * (directory.db). A file that was restored from an older copy, or made anew, would give out numbers that other mail or another account already has.
 * So each file begins above the largest number that any file knows.
 */
async function alignNumbers({ directory, spool, events }: DatabaseCalls): Promise<void> {
  const [inEvents, backlogs, largestId, accounts] = await Promise.all([
    events.largestInEvents(),
    spool.backlogs(),
    spool.largestId(),
    directory.countAccounts(),
  ]);
  const account = Math.max(inEvents.account, ...backlogs.map((one) => one.account));
  if (inEvents.delivery > largestId) await spool.raiseIds(inEvents.delivery);
  // Accounts are never removed, so the number of accounts is also the largest number.
  if (account > accounts) await directory.raiseAccounts(account);
}
