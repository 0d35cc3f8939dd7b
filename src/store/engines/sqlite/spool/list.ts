/**
 * The open deliveries as an operator sees them, by id, on the reader thread.
 *
 * The deliveries of a message are one seek. The deliveries of a destination are read by the queue's key and sorted if they are few. If they are
 * many, the account's deliveries are walked by id, because a good part of them match. Other filters walk in the same way.
 */
import { domainOf } from '#core';
import type { QueueFilter } from '../../../spool-store.js';
import { type Connection, inSnapshot } from '../database/open-database.js';
import type { QueueRow } from './wire.js';

export interface ListedRow extends QueueRow {
  destinationName: string;
  domain: string;
  sender: string;
  size: number;
  acceptedAt: number;
  expiresAt: number;
  /** Null if the facts have no subject. */
  subject: string | null;
  messageId: string | null;
}

const COLUMNS = `q.destination, q.account, q.priority, q.due, q.id, q.message, q.recipient, q.attempts, q.last,
    q.recipient_name AS recipientName, q.variables,
  d.name AS destinationName, m.domain, m.sender, m.size, m.accepted_at AS acceptedAt, m.expires_at AS expiresAt,
  m.facts ->> '$.headers.subject' AS subject, m.facts ->> '$.headers.messageId' AS messageId`;

// The conditions decide the plan: a unary plus hides a column from the planner, so that its index is not used.
const FROM = (queue: string) =>
  `FROM queue q ${queue} CROSS JOIN message m ON m.id = q.message CROSS JOIN destination d ON d.id = q.destination`;
const OTHER_FILTERS = `(@destination IS NULL OR +q.destination = @destination) AND (@recipient IS NULL OR q.recipient = @recipient)
  AND (@domain IS NULL OR m.domain = @domain)`;

export const LIST_SQL = {
  byMessage: `SELECT ${COLUMNS} ${FROM('INDEXED BY queue_by_message')}
    WHERE q.message = @message AND q.id > @after AND q.account = @account AND ${OTHER_FILTERS} ORDER BY q.id LIMIT @limit`,
  byDestination: `SELECT ${COLUMNS} ${FROM('NOT INDEXED')}
    WHERE q.destination = @destination AND q.account = @account AND +q.id > @after
    AND (@recipient IS NULL OR q.recipient = @recipient) AND (@domain IS NULL OR m.domain = @domain) ORDER BY +q.id LIMIT @limit`,
  byAccount: `SELECT ${COLUMNS} ${FROM('INDEXED BY queue_by_account')}
    WHERE q.account = @account AND q.id > @after AND ${OTHER_FILTERS} ORDER BY q.id LIMIT @limit`,
};

/** A destination with more rows than this is walked by id instead of sorted. */
const SORTABLE = 5000;

export function makeSpoolList(database: Connection) {
  const byMessage = database.prepare<object, ListedRow>(LIST_SQL.byMessage);
  const byDestination = database.prepare<object, ListedRow>(LIST_SQL.byDestination);
  const byAccount = database.prepare<object, ListedRow>(LIST_SQL.byAccount);
  const destinationId = database.prepare<[string], { id: number }>('SELECT id FROM destination WHERE name = ?');
  const countUpTo = database.prepare<[number, number, number], { rows: number }>(
    'SELECT count(*) AS rows FROM (SELECT 1 FROM queue WHERE destination = ? AND account = ? LIMIT ?)',
  );

  return {
    list: inSnapshot(database, (filter: QueueFilter): ListedRow[] => {
      const { account, domain, message, recipient } = filter;
      // Every recipient belongs to one destination, so the recipient also gives the destination.
      const name = filter.destination ?? (recipient === undefined ? undefined : domainOf(recipient as Parameters<typeof domainOf>[0]));
      const destination = name === undefined ? null : destinationId.get(name)?.id;
      if (destination === undefined) return [];
      const parameters = {
        account,
        destination,
        domain: domain ?? null,
        recipient: recipient ?? null,
        after: filter.after ?? 0,
        limit: filter.limit,
      };
      if (message !== undefined) return byMessage.all({ ...parameters, message });
      const isFew = destination !== null && (countUpTo.get(destination, account, SORTABLE)?.rows ?? 0) < SORTABLE;
      return (isFew ? byDestination : byAccount).all(parameters);
    }),
  };
}
