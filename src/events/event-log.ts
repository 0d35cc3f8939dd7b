/** The event log: the outbox reader that fills it, and queries over it. */
import type { EventQuery, EventStore, StoredEvent } from '#store';
import type { OutboxReader } from './outbox-reader.js';
import { type ResumeDeps, resumeReader } from './resume-reader.js';

export interface EventLog {
  query(query: EventQuery): Promise<StoredEvent[]>;
}

const READER = 'event-log';

export const makeEventLog = (deps: { store: Pick<EventStore, 'query'> }): EventLog => ({ query: (query) => deps.store.query(query) });

export const makeEventLogReader = (deps: ResumeDeps & { events: Pick<EventStore, 'appendOutbox'> }): OutboxReader => ({
  name: READER,
  position: () => resumeReader(READER, deps),
  take: (after, limit) => deps.events.appendOutbox(READER, after, limit),
});
