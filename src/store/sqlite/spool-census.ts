/** Counts the whole queue, for the operator: one walk over its key, on the reader thread. */
import type { QueueCensus } from '../spool-store.js';
import { type Connection, inSnapshot } from './open-database.js';
import { LAST_SEQ } from './outbox-rows.js';

export function makeSpoolCensus(database: Connection) {
  const groups = database.prepare<[], { destination: number; deliveries: number; oldestDue: number }>(
    'SELECT destination, count(*) AS deliveries, min(due) AS oldestDue FROM queue GROUP BY destination ORDER BY deliveries DESC',
  );
  const nameOf = database.prepare<[number], { name: string }>('SELECT name FROM destination WHERE id = ?');
  const lastOutbox = database.prepare<[], { seq: number }>(`SELECT (${LAST_SEQ}) AS seq`);

  return {
    census: inSnapshot(database, (top: number): QueueCensus => {
      const census: QueueCensus = { deliveries: 0, destinations: 0, oldestDue: undefined, top: [], lastOutbox: lastOutbox.get()?.seq ?? 0 };
      for (const { destination, deliveries, oldestDue } of groups.iterate()) {
        census.deliveries += deliveries;
        census.destinations += 1;
        census.oldestDue = Math.min(census.oldestDue ?? oldestDue, oldestDue);
        if (census.top.length < top) census.top.push({ destination: nameOf.get(destination)?.name ?? '', deliveries, oldestDue });
      }
      return census;
    }),
  };
}
