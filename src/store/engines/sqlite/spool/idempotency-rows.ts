/** Idempotency keys, each with the answer to the first request that had it. The answer is kept for a day, and later requests do not change it. */
import { StoreError } from '#core';
import { KEPT_MS } from '../../../retention.js';
import type { IdempotencyRecord, SpoolStore } from '../../../spool-store.js';
import type { Answers, Noun } from '../database/nouns.js';
import type { Connection } from '../database/open-database.js';

export const IDEMPOTENCY_SQL = {
  find: 'SELECT key, fingerprint, answer, at FROM given_answer WHERE account = ? AND domain = ? AND key = ? AND at > ?',
  sweep: `DELETE FROM given_answer WHERE (account, domain, key) IN
    (SELECT account, domain, key FROM given_answer WHERE at <= ? ORDER BY at LIMIT ?)`,
};

function makeIdempotencyLookups(database: Connection): Answers<SpoolStore, 'idempotencyRecord'> {
  const find = database.prepare<[number, string, string, number], IdempotencyRecord>(IDEMPOTENCY_SQL.find);
  return {
    idempotencyRecord: (account, domain, key, now) => find.get(account, domain, key, now - KEPT_MS.idempotencyKey),
  };
}

export const idempotencyRows = {
  tables: { given_answer: { kind: 'period', ms: KEPT_MS.idempotencyKey, from: 'the answer' } },
  lookups: makeIdempotencyLookups,
} satisfies Noun<unknown>;

/** Part of a put. Throws StoreError `conflict` when the key has an answer of the last day. */
export function makeIdempotencyInsert(database: Connection): (account: number, domain: string, record: IdempotencyRecord) => void {
  const insert = database.prepare(
    `INSERT INTO given_answer (account, domain, key, fingerprint, answer, at) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET fingerprint = excluded.fingerprint, answer = excluded.answer, at = excluded.at
     WHERE given_answer.at <= excluded.at - ${KEPT_MS.idempotencyKey}`,
  );
  return (account, domain, { key, fingerprint, answer, at }) => {
    if (insert.run(account, domain, key, fingerprint, answer, at).changes === 0) {
      throw new StoreError('conflict', 'the idempotency key has an answer already');
    }
  };
}

/** Deletes keys that are old enough, at most `limit`; gives how many. */
export function makeIdempotencySweep(database: Connection): (now: number, limit: number) => number {
  const remove = database.prepare<[number, number]>(IDEMPOTENCY_SQL.sweep);
  return (now, limit) => remove.run(now - KEPT_MS.idempotencyKey, limit).changes;
}
