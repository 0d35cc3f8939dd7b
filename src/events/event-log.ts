/** The event log: the outbox reader that fills it, and queries over it. */
import type { EventQuery, EventStore, StoredEvent } from '#store';
import type { OutboxReader } from './outbox-reader.js';

export interface EventLog {
  query(query: EventQuery): Promise<StoredEvent[]>;
}

const READER = 'event-log';

export const makeEventLog = (deps: { store: Pick<EventStore, 'query'> }): EventLog => ({ query: (query) => deps.store.query(query) });

export const makeEventLogReader = (deps: { store: Pick<EventStore, 'appendOutbox' | 'cursor'> }): OutboxReader => ({
  name: READER,
  position: () => deps.store.cursor(READER),
  take: (after, limit) => deps.store.appendOutbox(READER, after, limit),
});
