/** Accounts in directory.db. They are never removed. */
import type { DirectoryStore } from '../../../directory-store.js';
import { boundedBy } from '../../../retention.js';
import type { Answers, Noun } from '../database/nouns.js';
import type { Connection } from '../database/open-database.js';
import type { DirectoryMemory } from './memory.js';

const SELECT = 'SELECT id, public_id AS publicId, name, signing_key AS signingKey, created_at AS createdAt FROM account';

type AccountRow = Awaited<ReturnType<DirectoryStore['createAccount']>>;

type AccountLookups = Answers<DirectoryStore, 'account' | 'accountByPublicId' | 'listAccounts' | 'countAccounts'>;

function makeAccountLookups(database: Connection): AccountLookups {
  const byId = database.prepare<[number], AccountRow>(`${SELECT} WHERE id = ?`);
  const byPublicId = database.prepare<[string], AccountRow>(`${SELECT} WHERE public_id = ?`);
  const all = database.prepare<[], AccountRow>(`${SELECT} ORDER BY id`);
  const count = database.prepare<[], { count: number }>('SELECT count(*) AS count FROM account');
  return {
    account: (id) => byId.get(id),
    accountByPublicId: (publicId) => byPublicId.get(publicId),
    listAccounts: () => all.all(),
    countAccounts: () => count.get()?.count ?? 0,
  };
}

function makeAccountWrites(database: Connection, { note }: DirectoryMemory) {
  const insert = database.prepare(
    'INSERT INTO account (public_id, name, signing_key, created_at) VALUES (@publicId, @name, @signingKey, @createdAt)',
  );
  const raise = database.prepare<[number, number]>("UPDATE sqlite_sequence SET seq = ? WHERE name = 'account' AND seq < ?");
  const writes: Answers<DirectoryStore, 'createAccount'> = {
    createAccount(account) {
      const id = Number(insert.run(account).lastInsertRowid);
      note('account', id);
      return { ...account, id };
    },
  };
  return {
    ...writes,
    /** New account numbers begin above those that other files know: see `alignNumbers`. */
    raiseAccounts: (largest: number): void => void raise.run(largest, largest),
  };
}

export const accountRows = {
  tables: { account: boundedBy('what the operator sets up') },
  lookups: makeAccountLookups,
  writes: makeAccountWrites,
} satisfies Noun<DirectoryMemory>;
