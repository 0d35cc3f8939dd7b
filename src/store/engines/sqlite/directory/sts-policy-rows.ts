/** MTA-STS policies in directory.db. They belong to no account, because a destination demands the same of everybody. */
import type { DirectoryStore, StsPolicyRecord } from '../../../directory-store.js';
import { SWEEP_LIMIT } from '../../../retention.js';
import type { Answers, Noun } from '../database/nouns.js';
import type { Connection } from '../database/open-database.js';

/** The number that a process keeps in memory, too. */
const MAX_POLICIES = 10_000;
const MAX_CHARACTERS = 16_000_000;

export const STS_SQL = {
  save: `INSERT INTO sts_policy (domain, id, mode, mx, fetched_at, expires_at) VALUES (@domain, @id, @mode, @mx, @fetchedAt, @expiresAt)
     ON CONFLICT (domain) DO UPDATE SET id = excluded.id, mode = excluded.mode, mx = excluded.mx, fetched_at = excluded.fetched_at,
       expires_at = excluded.expires_at`,
  deleteExpired: 'DELETE FROM sts_policy WHERE domain IN (SELECT domain FROM sts_policy WHERE expires_at < ? ORDER BY expires_at LIMIT ?)',
  newest: 'SELECT domain, id, mode, mx, fetched_at AS fetchedAt, expires_at AS expiresAt FROM sts_policy ORDER BY expires_at DESC LIMIT ?',
};

function makeStsPolicyWrites(database: Connection): Answers<DirectoryStore, 'saveStsPolicy'> {
  const save = database.prepare(STS_SQL.save);
  const deleteExpired = database.prepare<[number, number]>(STS_SQL.deleteExpired);
  return {
    saveStsPolicy(policy) {
      save.run({ ...policy, mx: policy.mx.join(' ') });
      deleteExpired.run(policy.fetchedAt, SWEEP_LIMIT);
    },
  };
}

function makeStsPolicyLists(database: Connection): Answers<DirectoryStore, 'stsPolicies'> {
  type Row = Omit<StsPolicyRecord, 'mx'> & { mx: string };
  const newest = database.prepare<[number], Row>(STS_SQL.newest);
  return {
    stsPolicies() {
      const policies: StsPolicyRecord[] = [];
      let characters = 0;
      for (const { mx, ...row } of newest.iterate(MAX_POLICIES)) {
        characters += mx.length;
        if (characters > MAX_CHARACTERS) break;
        policies.push({ ...row, mx: mx === '' ? [] : mx.split(' ') });
      }
      return policies;
    },
  };
}

export const stsPolicyRows = {
  tables: { sts_policy: { kind: 'until', when: 'it has expired and a policy is fetched' } },
  writes: makeStsPolicyWrites,
  lists: makeStsPolicyLists,
} satisfies Noun<unknown>;
