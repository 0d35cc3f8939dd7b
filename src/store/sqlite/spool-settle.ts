/** Ends or defers deliveries with their events. One call is one unit, however many settlements it brings. */
import type { Settlement } from '../spool-store.js';
import type { GroupTally } from './group-tally.js';
import type { Connection } from './open-database.js';
import { makeOutboxInsert } from './outbox-rows.js';

/** The delivery was no longer there. */
export const NOT_FOUND = -1;

export function makeSpoolSettle(database: Connection, tally: GroupTally) {
  const remove = database.prepare(
    'DELETE FROM queue WHERE destination = ? AND account = ? AND priority = ? AND due = ? AND id = ? AND message = ?',
  );
  const countDown = database.prepare<[number, number], { freed: number }>(
    `UPDATE message SET open_deliveries = open_deliveries - 1, settled_at = CASE open_deliveries WHEN 1 THEN ? END WHERE id = ?
     RETURNING CASE open_deliveries WHEN 0 THEN size ELSE 0 END AS freed`,
  );
  const defer = database.prepare(
    `UPDATE queue SET due = ?, attempts = ?, last = ?
     WHERE destination = ? AND account = ? AND priority = ? AND due = ? AND id = ? AND message = ?`,
  );
  // Must change something: SQLite writes no page that stays as it is, and syncs nothing for a transaction that wrote none.
  const touch = database.prepare('UPDATE id_mark SET largest = largest + 1');
  const insertOutbox = makeOutboxInsert(database);

  function settleOne(settlement: Settlement): number {
    let freed = 0;
    const { key, message } = settlement;
    const row = [key.destination, key.account, key.priority, key.due, key.id, message];
    if (settlement.kind === 'done') {
      if (remove.run(...row).changes === 0) return NOT_FOUND;
      freed = countDown.get(settlement.at, message)?.freed ?? 0;
      tally.add(key.account, -1, -freed);
    } else {
      const last = settlement.last === undefined ? null : JSON.stringify(settlement.last);
      if (defer.run(settlement.due, settlement.attempts, last, ...row).changes === 0) return NOT_FOUND;
    }
    insertOutbox(settlement.events);
    return freed;
  }

  return {
    /** Per settlement the bytes of messages that have no open delivery any more, or NOT_FOUND. */
    settle: (settlements: Settlement[]): number[] => settlements.map(settleOne),
    /** A commit that means nothing but is written and synced like any other: one id is given up. */
    probe(): void {
      touch.run();
    },
  };
}
