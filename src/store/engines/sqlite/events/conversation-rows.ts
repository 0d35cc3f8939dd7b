/** Conversations with peers: added by the events thread, read by the reader thread, the oldest removed by the sweep. */
import type { ConversationQuery, StoredConversation } from '../../../event-store.js';
import { CONVERSATIONS_PER_DELIVERY, RETENTION, SWEEP_LIMIT } from '../../../retention.js';
import type { Connection } from '../database/open-database.js';

export function makeConversationWrites(database: Connection) {
  const insert = database.prepare(
    'INSERT INTO conversation (account, delivery, message_id, recipient, attempt, at, outcome, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const trim = database.prepare<[number, number]>(
    'DELETE FROM conversation WHERE seq IN (SELECT seq FROM conversation WHERE delivery = ? ORDER BY seq DESC LIMIT -1 OFFSET ?)',
  );
  return {
    appendConversations(rows: StoredConversation[]): void {
      for (const { account, delivery, messageId, recipient, attempt, at, outcome, text } of rows) {
        insert.run(account, delivery, messageId, recipient, attempt, at, outcome, text);
        if (attempt > CONVERSATIONS_PER_DELIVERY) trim.run(delivery, CONVERSATIONS_PER_DELIVERY);
      }
    },
  };
}

/** True when there may be more. */
export function makeConversationSweep(database: Connection): (now: number) => boolean {
  const oldest = database.prepare<[number, number], { seq: number }>(
    'SELECT max(seq) AS seq FROM (SELECT seq, at FROM conversation ORDER BY seq LIMIT ?) WHERE at <= ? HAVING max(seq) IS NOT NULL',
  );
  const remove = database.prepare<[number, number]>('DELETE FROM conversation WHERE seq <= ? AND at <= ?');
  return (now) => {
    const limit = now - RETENTION.events.conversation.ms;
    const last = oldest.get(SWEEP_LIMIT, limit);
    return last !== undefined && remove.run(last.seq, limit).changes === SWEEP_LIMIT;
  };
}

export function makeConversationReads(database: Connection) {
  const columns = 'account, delivery, message_id AS messageId, recipient, attempt, at, outcome, text';
  const newest = (column: 'delivery' | 'message_id') =>
    database.prepare<[number | string, number, number], StoredConversation>(
      `SELECT ${columns} FROM (SELECT * FROM conversation WHERE ${column} = ? AND account = ? ORDER BY seq DESC LIMIT ?) ORDER BY delivery, seq`,
    );
  const byDelivery = newest('delivery');
  const byMessage = newest('message_id');
  return {
    conversations: (query: ConversationQuery): StoredConversation[] =>
      'delivery' in query
        ? byDelivery.all(query.delivery, query.account, query.limit)
        : byMessage.all(query.messageId, query.account, query.limit),
  };
}
