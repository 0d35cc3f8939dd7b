/** Transcripts of SMTP dialogues with peers: added by the events thread, read by the reader thread, the oldest removed by the sweep. */
import type { EventStore, StoredTranscript } from '../../../event-store.js';
import { KEPT_MS, SWEEP_LIMIT, TRANSCRIPTS_PER_DELIVERY } from '../../../retention.js';
import type { Answers, Noun } from '../database/nouns.js';
import type { Connection } from '../database/open-database.js';

function makeTranscriptWrites(database: Connection): Answers<EventStore, 'appendTranscripts'> {
  const insert = database.prepare(
    'INSERT INTO conversation (account, delivery, message_id, recipient, attempt, at, outcome, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const trim = database.prepare<[number, number]>(
    'DELETE FROM conversation WHERE seq IN (SELECT seq FROM conversation WHERE delivery = ? ORDER BY seq DESC LIMIT -1 OFFSET ?)',
  );
  return {
    appendTranscripts(rows) {
      for (const { account, delivery, messageId, recipient, attempt, at, outcome, text } of rows) {
        insert.run(account, delivery, messageId, recipient, attempt, at, outcome, text);
        if (attempt > TRANSCRIPTS_PER_DELIVERY) trim.run(delivery, TRANSCRIPTS_PER_DELIVERY);
      }
    },
  };
}

/** The sweep gives true if there may be more to remove. */
export function makeTranscriptSweep(database: Connection): (now: number) => boolean {
  const oldest = database.prepare<[number, number], { seq: number }>(
    'SELECT max(seq) AS seq FROM (SELECT seq, at FROM conversation ORDER BY seq LIMIT ?) WHERE at <= ? HAVING max(seq) IS NOT NULL',
  );
  const remove = database.prepare<[number, number]>('DELETE FROM conversation WHERE seq <= ? AND at <= ?');
  return (now) => {
    const limit = now - KEPT_MS.transcript;
    const last = oldest.get(SWEEP_LIMIT, limit);
    return last !== undefined && remove.run(last.seq, limit).changes === SWEEP_LIMIT;
  };
}

function makeTranscriptLists(database: Connection): Answers<EventStore, 'transcripts'> {
  const columns = 'account, delivery, message_id AS messageId, recipient, attempt, at, outcome, text';
  const newest = (column: 'delivery' | 'message_id') =>
    database.prepare<[number | string, number, number], StoredTranscript>(
      `SELECT ${columns} FROM (SELECT * FROM conversation WHERE ${column} = ? AND account = ? ORDER BY seq DESC LIMIT ?) ORDER BY delivery, seq`,
    );
  const byDelivery = newest('delivery');
  const byMessage = newest('message_id');
  return {
    transcripts: (query) =>
      'delivery' in query
        ? byDelivery.all(query.delivery, query.account, query.limit)
        : byMessage.all(query.messageId, query.account, query.limit),
  };
}

export const transcriptRows = {
  tables: { conversation: { kind: 'period', ms: KEPT_MS.transcript, from: 'the attempt' } },
  writes: makeTranscriptWrites,
  lists: makeTranscriptLists,
} satisfies Noun<unknown>;
