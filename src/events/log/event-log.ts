/** The event log: the outbox reader that fills it, and queries over it. */
import { badRequest, type Clock, MINUTE } from '#core';
import type { EventQuery, EventStore, StoredEvent } from '#store';
import type { OutboxReader } from '../outbox/outbox-reader.js';
import { type ResumeDeps, resumeReader } from '../outbox/resume-reader.js';

export interface EventLog {
  /** In reading direction. Refusal 400 for a search that has looked at events for a minute without filling its page. */
  query(query: EventQuery): Promise<StoredEvent[]>;
}

const MAX_SEARCH_MS = MINUTE;

const READER = 'event-log';

export function makeEventLog({ store, clock }: { store: Pick<EventStore, 'query'>; clock: Clock }): EventLog {
  return {
    async query(query) {
      const started = clock.monotonic();
      const found: StoredEvent[] = [];
      for (let { after } = query; ; ) {
        const { events, stoppedAt } = await store.query({ ...query, after, limit: query.limit - found.length });
        found.push(...events);
        if (stoppedAt === undefined) return found;
        after = stoppedAt;
        if (clock.monotonic() - started > MAX_SEARCH_MS)
          throw badRequest("This search takes too long: narrow it by 'begin' and 'end', or by 'event'");
      }
    },
  };
}

export const makeEventLogReader = (deps: ResumeDeps & { events: Pick<EventStore, 'appendOutbox'> }): OutboxReader => ({
  name: READER,
  position: () => resumeReader(READER, deps),
  take: (after, limit) => deps.events.appendOutbox(READER, after, limit),
});
