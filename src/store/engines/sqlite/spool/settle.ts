/** Ends or defers deliveries with their events. One call is one unit, however many settlements it brings. */
import type { Lease, Settlement } from '../../../spool-store.js';
import type { Connection } from '../database/open-database.js';
import type { SpoolMemory } from './memory.js';
import { makeOutboxInsert } from './outbox-rows.js';

/** The answer for a delivery that was no longer there. */
export const NOT_FOUND = -1;

export const SETTLE_SQL = {
  /** Only for a batch, and not if the owner deleted the recipient's message while it was being delivered. */
  keepRecipient: `INSERT INTO batch_recipient (message, delivery, recipient, name, variables)
    SELECT message, id, recipient, recipient_name, variables FROM queue NOT INDEXED
    WHERE destination = ? AND account = ? AND priority = ? AND due = ? AND id = ? AND message = ? ON CONFLICT DO NOTHING`,
  /** If all recipients' messages of a batch were deleted, the batch is removed like a single message that was deleted. */
  keepNoLonger: `UPDATE message SET keep_ms = 0
    WHERE id = ? AND NOT EXISTS (SELECT 1 FROM batch_recipient b WHERE b.message = message.id AND b.recipient IS NOT NULL)`,
};

export function makeSpoolSettle(database: Connection, { tally, ownership }: SpoolMemory) {
  const remove = database.prepare(
    'DELETE FROM queue WHERE destination = ? AND account = ? AND priority = ? AND due = ? AND id = ? AND message = ?',
  );
  const keepRecipient = database.prepare(SETTLE_SQL.keepRecipient);
  const keepNoLonger = database.prepare<[number]>(SETTLE_SQL.keepNoLonger);
  const countDown = database.prepare<[number, number], { freed: number }>(
    `UPDATE message SET open_deliveries = open_deliveries - 1, settled_at = CASE open_deliveries WHEN 1 THEN ? END WHERE id = ?
     RETURNING CASE open_deliveries WHEN 0 THEN size ELSE 0 END AS freed`,
  );
  const defer = database.prepare(
    `UPDATE queue SET due = ?, attempts = ?, last = ?
     WHERE destination = ? AND account = ? AND priority = ? AND due = ? AND id = ? AND message = ?`,
  );
  // The statement must change something: SQLite does not write a page that stays the same, and does not sync a transaction that wrote nothing.
  const touch = database.prepare('UPDATE id_mark SET largest = largest + 1');
  const insertOutbox = makeOutboxInsert(database);

  function settleOne(settlement: Settlement): number {
    let freed = 0;
    const { key, message } = settlement;
    const row = [key.destination, key.account, key.priority, key.due, key.id, message];
    if (settlement.kind === 'done') {
      const isOfBatch = settlement.key.variablesSize !== undefined;
      if (isOfBatch) keepRecipient.run(...row);
      if (remove.run(...row).changes === 0) return NOT_FOUND;
      freed = countDown.get(settlement.at, message)?.freed ?? 0;
      if (isOfBatch && freed > 0) keepNoLonger.run(message);
      tally.add(key.account, -1, -freed);
    } else {
      const last = settlement.last === undefined ? null : JSON.stringify(settlement.last);
      if (defer.run(settlement.due, settlement.attempts, last, ...row).changes === 0) return NOT_FOUND;
    }
    insertOutbox(settlement.events);
    return freed;
  }

  return {
    /** For each settlement the bytes of messages that now have no open delivery, or NOT_FOUND. */
    settle(lease: Lease, settlements: Settlement[]): number[] {
      ownership.check(lease);
      return settlements.map(settleOne);
    },
    /** A commit without meaning that is written and synced like any other. It uses up one id. */
    probe(): void {
      touch.run();
    },
  };
}
