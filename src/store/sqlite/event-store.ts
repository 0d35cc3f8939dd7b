/** EventStore over the store threads: the events writer, and the reader for queries. */
import type { EventStore } from '../event-store.js';
import type { EventsCalls } from './events-thread.js';
import type { ReaderCalls } from './reader-thread.js';
import type { StoreThread } from './store-thread.js';

export function makeEventStore(writer: StoreThread<EventsCalls>, reader: StoreThread<ReaderCalls>): EventStore {
  return {
    append: (name, rows) => writer.call('append', name, rows),
    cursor: (name) => writer.call('cursor', name),
    query: (query) => reader.call('queryEvents', query),
    appendConversations: (rows) => writer.call('appendConversations', rows),
    conversations: (query) => reader.call('conversations', query),
    sweep: (now) => writer.call('sweepEvents', now),
  };
}
