/** Everything that changes directory.db. Each statement names the account, so another account's id matches no row. */
import type {
  AccountRecord,
  ApiKeyRecord,
  CredentialRecord,
  DkimKeyRecord,
  DomainChanges,
  DomainRecord,
  DomainSettings,
} from '../../../directory-store.js';
import type { PoolReplacement } from '../../../pool-store.js';
import type { Connection } from '../database/open-database.js';
import { INSERT_DKIM_KEY, makeDkimKeyWrites } from './dkim-key-rows.js';
import { LOGIN_CLIENT_SQL, makeLoginClientWrites } from './login-client-rows.js';
import { makePoolWrites } from './pool-rows.js';
import { SETTING_COLUMNS } from './rows.js';
import { makeStsPolicyWrites } from './sts-policy-rows.js';
import { makeTemplateWrites } from './template-rows.js';

export type DirectoryWrites = ReturnType<typeof makeDirectoryWrites>;

const SETTING_NAMES = Object.keys(SETTING_COLUMNS) as (keyof DomainSettings)[];

type Flags<T> = { [K in keyof T]: T[K] extends boolean ? number : T[K] };

/** better-sqlite3 binds no booleans. */
function withFlags<T extends object>(record: T): Flags<T> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, typeof value === 'boolean' ? Number(value) : value]),
  ) as Flags<T>;
}

export function makeDirectoryWrites(database: Connection) {
  return {
    ...makeAccountRaise(database),
    ...makeDomainWrites(database),
    ...makeCredentialWrites(database),
    ...makeKeyWrites(database),
    ...makeDkimKeyWrites(database),
    ...makeStsPolicyWrites(database),
    ...makePoolWrites(database),
    ...makeTemplateWrites(database),
    ...makeLoginClientWrites(database),
  };
}

function makeDomainWrites(database: Connection) {
  const insertAccount = database.prepare(
    'INSERT INTO account (public_id, name, signing_key, created_at) VALUES (@publicId, @name, @signingKey, @createdAt)',
  );
  const insertDomain = database.prepare(
    `INSERT INTO domain (account, public_id, name, type, state, created_at, ${Object.values(SETTING_COLUMNS).join(', ')})
     VALUES (@account, @publicId, @name, @type, @state, @createdAt, ${SETTING_NAMES.map((name) => `@${name}`).join(', ')})`,
  );
  const change = database.prepare(
    `UPDATE domain SET ${Object.entries(SETTING_COLUMNS)
      .map(([name, column]) => `${column} = coalesce(@${name}, ${column})`)
      .join(', ')} WHERE account = @account AND id = @id`,
  );
  const insertDkimKey = database.prepare(INSERT_DKIM_KEY);
  const templates = makeTemplateWrites(database);
  const { setDomainSource } = makePoolWrites(database);
  const insertCredential = database.prepare(INSERT_CREDENTIAL);
  const setState = database.prepare<[string, number, number]>('UPDATE domain SET state = ? WHERE account = ? AND id = ?');
  const nameOf = database.prepare<[number, number], { name: string }>('SELECT name FROM domain WHERE account = ? AND id = ?');
  const deleteDkimKeys = database.prepare<[number, number]>('DELETE FROM dkim_key WHERE account = ? AND domain = ?');
  const deleteCredentials = database.prepare<[number, number]>('DELETE FROM credential WHERE account = ? AND domain = ?');
  const deleteSendingKeys = database.prepare<[number, string]>('DELETE FROM api_key WHERE account = ? AND domain_name = ?');
  const deleteDomain = database.prepare<[number, number]>('DELETE FROM domain WHERE account = ? AND id = ?');

  return {
    createAccount(account: Omit<AccountRecord, 'id'>): AccountRecord {
      const { lastInsertRowid } = insertAccount.run(account);
      return { ...account, id: Number(lastInsertRowid) };
    },
    createDomain(
      domain: Omit<DomainRecord, 'id'>,
      dkimKey: Omit<DkimKeyRecord, 'id' | 'domain'>,
      credential?: Omit<CredentialRecord, 'id' | 'domain'>,
      source?: PoolReplacement,
    ): DomainRecord {
      const id = Number(insertDomain.run(withFlags(domain)).lastInsertRowid);
      insertDkimKey.run({ ...withFlags(dkimKey), domain: id });
      if (credential) insertCredential.run({ ...credential, domain: id });
      if (source) setDomainSource(domain.account, id, source);
      return { ...domain, id };
    },
    setDomainState: (account: number, id: number, state: DomainRecord['state']): boolean => setState.run(state, account, id).changes > 0,
    updateDomain(account: number, id: number, changes: DomainChanges): boolean {
      const values = Object.fromEntries(SETTING_NAMES.map((name) => [name, changes[name] ?? null]));
      return change.run(withFlags({ ...values, account, id })).changes > 0;
    },
    deleteDomain(account: number, id: number): boolean {
      const domain = nameOf.get(account, id);
      if (!domain) return false;
      deleteDkimKeys.run(account, id);
      deleteCredentials.run(account, id);
      deleteSendingKeys.run(account, domain.name);
      templates.deleteTemplates(account, id);
      return deleteDomain.run(account, id).changes > 0;
    },
  };
}

const INSERT_CREDENTIAL = `INSERT INTO credential (account, domain, login, password_hash, created_at)
  VALUES (@account, @domain, @login, @passwordHash, @createdAt)`;

function makeCredentialWrites(database: Connection) {
  const insert = database.prepare(INSERT_CREDENTIAL);
  const setPassword = database.prepare<[string, number, string]>('UPDATE credential SET password_hash = ? WHERE account = ? AND login = ?');
  const forgetClients = database.prepare<[string]>(LOGIN_CLIENT_SQL.deleteAll);
  const deleteOne = database.prepare<[number, string]>('DELETE FROM credential WHERE account = ? AND login = ?');
  const deleteAll = database.prepare<[number, number]>('DELETE FROM credential WHERE account = ? AND domain = ?');
  return {
    createCredential(credential: Omit<CredentialRecord, 'id'>): CredentialRecord {
      const { lastInsertRowid } = insert.run(credential);
      return { ...credential, id: Number(lastInsertRowid) };
    },
    setCredentialPassword(account: number, login: string, passwordHash: string): boolean {
      if (setPassword.run(passwordHash, account, login).changes === 0) return false;
      // The one who had the old password may be why it was changed.
      forgetClients.run(login);
      return true;
    },
    deleteCredential: (account: number, login: string): boolean => deleteOne.run(account, login).changes > 0,
    deleteCredentials: (account: number, domain: number): number => deleteAll.run(account, domain).changes,
  };
}

function makeKeyWrites(database: Connection) {
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
    createKey(key: ApiKeyRecord): void {
      const { domainName = null, expiresAt = null, email = null, userId = null, userName = null } = key;
      insert.run({ ...key, domainName, expiresAt, email, userId, userName });
    },
    deleteKey(account: number, id: string, now: number): 'deleted' | 'last' | 'unknown' {
      const admin = adminById.get({ account, id, now });
      const mayExpire = Number(admin?.expiresAt !== null);
      if (admin && otherAdmin.get({ account, id, now, mayExpire }) === undefined) return 'last';
      return deleteOne.run(account, id).changes > 0 ? 'deleted' : 'unknown';
    },
  };
}

/** Numbers of accounts go on above what other files know: see `align-numbers.ts`. */
function makeAccountRaise(database: Connection) {
  const raise = database.prepare<[number, number]>("UPDATE sqlite_sequence SET seq = ? WHERE name = 'account' AND seq < ?");
  return {
    raiseAccounts(largest: number): void {
      raise.run(largest, largest);
    },
  };
}
