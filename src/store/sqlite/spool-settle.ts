/** Ends or defers deliveries with their events. One call is one unit, however many settlements it brings. */
import type { Settlement } from '../spool-store.js';
import type { Connection } from './open-database.js';
import { makeOutboxInsert } from './outbox-rows.js';

export function makeSpoolSettle(database: Connection) {
  const remove = database.prepare(
    'DELETE FROM queue WHERE destination = ? AND account = ? AND priority = ? AND due = ? AND id = ? AND message = ?',
  );
  const countDown = database.prepare(
    `UPDATE message SET open_deliveries = open_deliveries - 1, settled_at = CASE open_deliveries WHEN 1 THEN ? END WHERE id = ?`,
  );
  const defer = database.prepare(
    `UPDATE queue SET due = ?, attempts = ?, last = ?
     WHERE destination = ? AND account = ? AND priority = ? AND due = ? AND id = ? AND message = ?`,
  );
  const insertOutbox = makeOutboxInsert(database);

  function settleOne(settlement: Settlement): boolean {
    const { key, message } = settlement;
    const row = [key.destination, key.account, key.priority, key.due, key.id, message];
    if (settlement.kind === 'done') {
      if (remove.run(...row).changes === 0) return false;
      countDown.run(settlement.at, message);
    } else {
      const last = settlement.last === undefined ? null : JSON.stringify(settlement.last);
      if (defer.run(settlement.due, settlement.attempts, last, ...row).changes === 0) return false;
    }
    insertOutbox(settlement.events);
    return true;
  }

  return { settle: (settlements: Settlement[]): boolean[] => settlements.map(settleOne) };
}
