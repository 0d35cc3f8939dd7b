/** API keys in directory.db. Each statement but the look-up by id names the account, so another account's id matches no row. */
import type { AccessStore, ApiKeyRecord } from '../../../access-store.js';
import { boundedBy } from '../../../retention.js';
import type { Answers, Noun } from '../database/nouns.js';
import type { Connection } from '../database/open-database.js';
import type { DirectoryMemory } from './memory.js';

const SELECT = `SELECT id, account, role, kind, description, domain_name AS domainName, secret_hash AS secretHash,
  created_at AS createdAt, updated_at AS updatedAt, expires_at AS expiresAt, email, user_id AS userId, user_name AS userName FROM api_key`;

type Optional = 'domainName' | 'expiresAt' | 'email' | 'userId' | 'userName';
type ApiKeyRow = Omit<ApiKeyRecord, Optional> & { [Name in Optional]: NonNullable<ApiKeyRecord[Name]> | null };

function toApiKey({ domainName, expiresAt, email, userId, userName, ...row }: ApiKeyRow): ApiKeyRecord {
  const key: ApiKeyRecord = row;
  if (email !== null) key.email = email;
  if (userId !== null) key.userId = userId;
  if (userName !== null) key.userName = userName;
  if (domainName !== null) key.domainName = domainName;
  if (expiresAt !== null) key.expiresAt = expiresAt;
  return key;
}

function makeApiKeyLookups(database: Connection): Answers<AccessStore, 'keyById'> {
  const byId = database.prepare<[string], ApiKeyRow>(`${SELECT} WHERE id = ?`);
  return {
    keyById(id) {
      const row = byId.get(id);
      return row && toApiKey(row);
    },
  };
}

function makeApiKeyLists(database: Connection): Answers<AccessStore, 'listKeys'> {
  const all = database.prepare<object, ApiKeyRow>(
    `${SELECT} WHERE account = @account AND (@domainName IS NULL OR domain_name = @domainName) AND (@kind IS NULL OR kind = @kind)
     ORDER BY created_at, id`,
  );
  return {
    listKeys: (account, filter) => all.all({ account, domainName: filter.domainName ?? null, kind: filter.kind ?? null }).map(toApiKey),
  };
}

function makeApiKeyWrites(database: Connection, { note }: DirectoryMemory): Answers<AccessStore, 'createKey' | 'deleteKey'> {
  const insert = database.prepare(
    `INSERT INTO api_key (id, account, role, kind, description, domain_name, secret_hash, created_at, updated_at, expires_at, email, user_id, user_name)
     VALUES (@id, @account, @role, @kind, @description, @domainName, @secretHash, @createdAt, @updatedAt, @expiresAt, @email, @userId, @userName)`,
  );
  const deleteOne = database.prepare<[number, string]>('DELETE FROM api_key WHERE account = ? AND id = ?');
  const isAdmin = `account = @account AND role = 'admin' AND domain_name IS NULL AND (expires_at IS NULL OR expires_at > @now)`;
  const adminById = database.prepare<{ account: number; id: string; now: number }, { expiresAt: number | null }>(
    `SELECT expires_at AS expiresAt FROM api_key WHERE id = @id AND ${isAdmin}`,
  );
  const otherAdmin = database.prepare<{ account: number; id: string; now: number; mayExpire: number }>(
    `SELECT 1 FROM api_key WHERE id <> @id AND ${isAdmin} AND (expires_at IS NULL OR @mayExpire) LIMIT 1`,
  );
  return {
    createKey(key) {
      const { domainName = null, expiresAt = null, email = null, userId = null, userName = null } = key;
      insert.run({ ...key, domainName, expiresAt, email, userId, userName });
      note('apiKey', key.id);
    },
    deleteKey(account, id, now) {
      const admin = adminById.get({ account, id, now });
      const mayExpire = Number(admin?.expiresAt !== null);
      if (admin && otherAdmin.get({ account, id, now, mayExpire }) === undefined) return 'last';
      if (deleteOne.run(account, id).changes === 0) return 'unknown';
      note('apiKey', id);
      return 'deleted';
    },
  };
}

export const apiKeyRows = {
  tables: { api_key: boundedBy('what customers set up; deleted by them') },
  lookups: makeApiKeyLookups,
  writes: makeApiKeyWrites,
  lists: makeApiKeyLists,
} satisfies Noun<DirectoryMemory>;
