/** HTTP requests that must reach a customer's server. The events thread stores, reads and removes them. */
import type { EventStore, HttpCall, WaitingCall } from '../../../event-store.js';
import { KEPT_MS, SWEEP_LIMIT } from '../../../retention.js';
import type { Answers, Noun } from '../database/nouns.js';
import type { Connection } from '../database/open-database.js';

export const HTTP_CALL_SQL = {
  // A seek per origin instead of a walk over all rows.
  origins: `WITH RECURSIVE hop (origin) AS (
      SELECT min(origin) FROM http_call
      UNION ALL SELECT (SELECT min(origin) FROM http_call WHERE origin > hop.origin) FROM hop WHERE hop.origin IS NOT NULL
    )
    SELECT origin, (SELECT min(due) FROM http_call WHERE http_call.origin = hop.origin) AS due FROM hop WHERE origin IS NOT NULL`,
  first: 'SELECT id, due, length(body) AS size FROM http_call WHERE origin = ? ORDER BY due, id LIMIT ?',
  sweep: 'DELETE FROM http_call WHERE id IN (SELECT id FROM http_call WHERE created_at <= ? ORDER BY created_at LIMIT ?)',
};

function makeHttpCallLookups(database: Connection): Answers<EventStore, 'callOrigins' | 'firstCalls' | 'call'> {
  const origins = database.prepare<[], { origin: string; due: number }>(HTTP_CALL_SQL.origins);
  const first = database.prepare<[string, number], WaitingCall>(HTTP_CALL_SQL.first);
  const call = database.prepare<[string], HttpCall>(
    'SELECT id, account, origin, url, content_type AS contentType, body, attempts, due, created_at AS createdAt FROM http_call WHERE id = ?',
  );
  return {
    callOrigins: () => origins.all(),
    firstCalls: (origin, limit) => first.all(origin, limit),
    call: (id) => call.get(id),
  };
}

function makeHttpCallWrites(database: Connection): Answers<EventStore, 'putCall' | 'postponeCall' | 'removeCall'> {
  const insert = database.prepare(
    `INSERT INTO http_call (id, account, origin, url, content_type, body, attempts, due, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
  );
  const postpone = database.prepare<[number, number, string]>('UPDATE http_call SET attempts = ?, due = ? WHERE id = ?');
  const remove = database.prepare<[string]>('DELETE FROM http_call WHERE id = ?');
  return {
    putCall({ id, account, origin, url, contentType, body, attempts, due, createdAt }) {
      insert.run(id, account, origin, url, contentType, body, attempts, due, createdAt);
    },
    postponeCall: (id, attempts, due) => void postpone.run(attempts, due, id),
    removeCall: (id) => void remove.run(id),
  };
}

export const httpCallRows = {
  tables: { http_call: { kind: 'period', ms: KEPT_MS.httpCall, from: 'what it tells of; it is given up long before' } },
  lookups: makeHttpCallLookups,
  writes: makeHttpCallWrites,
} satisfies Noun<unknown>;

/** The sweep gives true if there may be more to remove. */
export function makeHttpCallSweep(database: Connection): (now: number) => boolean {
  const remove = database.prepare<[number, number]>(HTTP_CALL_SQL.sweep);
  return (now) => remove.run(now - KEPT_MS.httpCall, SWEEP_LIMIT).changes === SWEEP_LIMIT;
}
