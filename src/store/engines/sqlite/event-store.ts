/** EventStore over the store threads: the events writer, and the reader for queries. */
import type { EventStore } from '../../event-store.js';
import type { EventsCalls } from './threads/events-thread.js';
import type { ReaderCalls } from './threads/reader-thread.js';
import type { StoreThread } from './threads/store-thread.js';

export function makeEventStore(writer: StoreThread<EventsCalls>, reader: StoreThread<ReaderCalls>): EventStore {
  return {
    append: (name, rows) => writer.call('append', name, rows),
    async appendOutbox(name, after, limit) {
      const [count = 0, position = after] = await writer.call('appendOutbox', name, after, limit);
      return { count, position };
    },
    cursor: (name) => writer.call('cursor', name),
    rewindReader: (name) => writer.call('rewindReader', name),
    query: (query) => reader.call('queryEvents', query),
    appendConversations: (rows) => writer.call('appendConversations', rows),
    conversations: (query) => reader.call('conversations', query),
    putCall: (call) => writer.call('putCall', call),
    callOrigins: () => writer.call('callOrigins'),
    firstCalls: (origin, limit) => writer.call('firstCalls', origin, limit),
    call: (id) => writer.call('call', id),
    postponeCall: (id, attempts, due) => writer.call('postponeCall', id, attempts, due),
    removeCall: (id) => writer.call('removeCall', id),
    sweep: (now) => writer.call('sweepEvents', now),
  };
}
