/**
 * What the scheduler reads: the heads of all flows (a loose scan, one seek per flow), and the next due rows of one flow (one seek). Nothing is
 * written: only one process can take deliveries, and it remembers in memory which ones it has taken.
 */
import type { FlowKey } from '#core';
import type { Cursor, FlowHead } from '../../../spool-store.js';
import type { Connection } from '../database/open-database.js';
import type { SpoolMemory } from './memory.js';
import type { QueueRow } from './wire.js';

export interface TakenRows {
  rows: QueueRow[];
  destinationName: string;
  nextDue: number | undefined;
}

const BEFORE_ALL: FlowKey = { destination: -1, account: -1, priority: 0 };

export const TAKE_SQL = {
  // SQLite seeks to the first row that is not below the row value, and tests each row from there. With only the three columns of a flow it would
  // test all rows of the previous flow. So a fourth column has a bound that no row reaches.
  nextHead: `SELECT destination, account, priority, due FROM queue WHERE (destination, account, priority, due) > (?, ?, ?, 9223372036854775807)
    ORDER BY destination, account, priority, due LIMIT 1`,
  dueRows: `SELECT destination, account, priority, due, id, message, recipient, attempts, last,
    recipient_name AS recipientName, variables FROM queue
    WHERE destination = ? AND account = ? AND priority = ? AND (due, id) > (?, ?) AND due <= ? ORDER BY due, id LIMIT ?`,
  dueAfter: `SELECT due FROM queue
    WHERE destination = ? AND account = ? AND priority = ? AND (due, id) > (?, ?) ORDER BY due, id LIMIT 1`,
};

/** How many characters of recipients' variables (JSON) one read brings into memory. A single row may have more. */
const MAX_VARIABLES = 256 * 1024;

/** The first rows, as many as keep within the limit of variables. The other rows are read next time. */
function withinBounds(rows: QueueRow[]): QueueRow[] {
  let size = 0;
  const end = rows.findIndex(({ variables }, index) => {
    size += variables?.length ?? 0;
    return index > 0 && size > MAX_VARIABLES;
  });
  return end < 0 ? rows : rows.slice(0, end);
}

export function makeSpoolTake(database: Connection, { destinations }: SpoolMemory) {
  const nextHead = database.prepare<[number, number, number], Omit<FlowHead, 'destinationName'>>(TAKE_SQL.nextHead);
  const dueRows = database.prepare<number[], QueueRow>(TAKE_SQL.dueRows);
  const dueAfter = database.prepare<number[], { due: number }>(TAKE_SQL.dueAfter);

  return {
    flowHeads(after: FlowKey | undefined, limit: number): FlowHead[] {
      const heads: FlowHead[] = [];
      let last = after ?? BEFORE_ALL;
      while (heads.length < limit) {
        const head = nextHead.get(last.destination, last.account, last.priority);
        if (!head) break;
        heads.push({ ...head, destinationName: destinations.nameOf(head.destination) });
        last = head;
      }
      return heads;
    },
    take(flow: FlowKey, after: Cursor, now: number, limit: number): TakenRows {
      const key = [flow.destination, flow.account, flow.priority] as const;
      const rows = withinBounds(dueRows.all(...key, after.due, after.id, now, limit));
      const last = rows.at(-1) ?? after;
      return { rows, destinationName: destinations.nameOf(flow.destination), nextDue: dueAfter.get(...key, last.due, last.id)?.due };
    },
  };
}
