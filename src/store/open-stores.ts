/** Opens a data folder: locks it, starts the store threads (which migrate first), and gives the three stores. */
import { join } from 'node:path';
import { makeBodyFiles } from './body-files.js';
import type { CommitStats } from './commit-stats.js';
import type { DirectoryStore } from './directory-store.js';
import type { EventStore } from './event-store.js';
import { prepareFolder } from './prepare-folder.js';
import type { SpoolStore } from './spool-store.js';
import { alignNumbers } from './sqlite/align-numbers.js';
import { makeDirectoryStore } from './sqlite/directory-store.js';
import { makeEventStore } from './sqlite/event-store.js';
import type { EventsCalls } from './sqlite/events-thread.js';
import { lockFolder } from './sqlite/lock-folder.js';
import type { ReaderCalls } from './sqlite/reader-thread.js';
import { makeSpoolStore } from './sqlite/spool-store.js';
import { type StoreThread, startStoreThread } from './sqlite/store-thread.js';
import type { WriterCalls } from './sqlite/writer-thread.js';

export interface StoreOptions {
  /** Absolute path of the data folder; made (0700) when it is missing. */
  dataDir: string;
  /** Called when a store thread dies: the process cannot go on and must exit non-zero once. */
  onFatal: (error: Error) => void;
}

export interface Stores {
  directory: DirectoryStore;
  spool: SpoolStore;
  events: EventStore;
  /** Per database file. */
  commitStats(): Promise<CommitStats[]>;
  /** Answers what waits, checkpoints, releases the folder. Later calls reject with StoreError `closed`. */
  close(): Promise<void>;
}

const script = (name: string) => new URL(`./sqlite/${name}.js`, import.meta.url);

/**
 * Throws a plain Error whose text an operator can act on: the folder is in use or not writable, a database has a newer schema,
 * a migration or a durability setting failed. Nothing is left running or locked then.
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
  const opened: Pick<StoreThread<never>, 'refuse' | 'close'>[] = [];
  // All refuse at once, then close in reverse order: the reader first, so that it does not hold back the writers' last checkpoint.
  const closeAll = async () => {
    for (const thread of opened) thread.refuse();
    for (const thread of opened.reverse()) await thread.close();
    release();
  };
  try {
    const data = { dataDir };
    const writer = await startStoreThread<WriterCalls>(script('writer-thread'), data, onDeath);
    opened.push(writer);
    const eventsWriter = await startStoreThread<EventsCalls>(script('events-thread'), data, onDeath);
    opened.push(eventsWriter);
    const reader = await startStoreThread<ReaderCalls>(script('reader-thread'), data, onDeath);
    opened.push(reader);
    await alignNumbers(writer, reader);
    let closing: Promise<void> | undefined;
    return {
      directory: makeDirectoryStore(writer, reader),
      spool: await makeSpoolStore(writer, reader, makeBodyFiles(join(dataDir, 'spool'))),
      events: makeEventStore(eventsWriter, reader),
      commitStats: async () => (await Promise.all([writer.call('commitStats'), eventsWriter.call('commitStats')])).flat(),
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
