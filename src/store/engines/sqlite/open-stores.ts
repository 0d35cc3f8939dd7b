/** Opens a data folder: locks it, starts the store threads (which migrate first), and gives the three stores. */
import { join } from 'node:path';
import type { StoreOptions, Stores } from '../../stores.js';
import { alignNumbers } from './align-numbers.js';
import { lockFolder } from './database/lock-folder.js';
import { prepareFolder } from './database/prepare-folder.js';
import { makeDirectoryStore } from './directory-store.js';
import { makeEventStore } from './event-store.js';
import { makeBodyFiles } from './spool/body-files.js';
import { makeSpoolStore } from './spool-store.js';
import type { EventsCalls } from './threads/events-thread.js';
import type { ReaderCalls } from './threads/reader-thread.js';
import { type StoreThread, startStoreThread } from './threads/store-thread.js';
import type { WriterCalls } from './threads/writer-thread.js';

const script = (name: string) => new URL(`./threads/${name}.js`, import.meta.url);

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
