/**
 * SMTP logins in directory.db, and the clients that used each login. Only the newest clients are kept. They are deleted with the login, and when its
 * password changes. Each statement that changes a login names the account, so another account's login matches no row.
 */
import type { AccessStore, CredentialRecord } from '../../../access-store.js';
import { boundedBy } from '../../../retention.js';
import type { Answers, Noun } from '../database/nouns.js';
import { type Connection, inSnapshot } from '../database/open-database.js';
import type { DirectoryMemory } from './memory.js';

export const INSERT_CREDENTIAL = `INSERT INTO credential (account, domain, login, password_hash, created_at)
  VALUES (@account, @domain, @login, @passwordHash, @createdAt)`;

const COLUMNS = 'id, account, domain, login, password_hash AS passwordHash, created_at AS createdAt';

const CLIENTS_PER_LOGIN = 20;

export const LOGIN_CLIENT_SQL = {
  find: 'SELECT 1 FROM login_client WHERE login = ? AND client = ?',
  save: `INSERT INTO login_client (login, client, seen_at) SELECT login, @client, @at FROM credential WHERE login = @login
     ON CONFLICT (login, client) DO UPDATE SET seen_at = excluded.seen_at`,
  deleteOldest: `DELETE FROM login_client WHERE login = @login AND client NOT IN
     (SELECT client FROM login_client WHERE login = @login ORDER BY seen_at DESC LIMIT ${CLIENTS_PER_LOGIN})`,
  deleteAll: 'DELETE FROM login_client WHERE login = ?',
};

function makeCredentialLookups(database: Connection): Answers<AccessStore, 'credentialByLogin' | 'isLoginClient'> {
  const byLogin = database.prepare<[string], CredentialRecord>(`SELECT ${COLUMNS} FROM credential WHERE login = ?`);
  const findClient = database.prepare<[string, string]>(LOGIN_CLIENT_SQL.find);
  return {
    credentialByLogin: (login) => byLogin.get(login),
    isLoginClient: (login, client) => findClient.get(login, client) !== undefined,
  };
}

/** A page and its total come from one snapshot. */
function makeCredentialLists(database: Connection): Answers<AccessStore, 'listCredentials'> {
  const count = database.prepare<[number, number], { total: number }>(
    'SELECT count(*) AS total FROM credential WHERE account = ? AND domain = ?',
  );
  const page = database.prepare<[number, number, number, number], CredentialRecord>(
    `SELECT ${COLUMNS} FROM credential WHERE account = ? AND domain = ? ORDER BY login LIMIT ? OFFSET ?`,
  );
  return {
    listCredentials: inSnapshot(database, (account, domain, limit, skip) => ({
      items: page.all(account, domain, limit, skip),
      total: count.get(account, domain)?.total ?? 0,
    })),
  };
}

type CredentialWrites = Answers<
  AccessStore,
  'createCredential' | 'setCredentialPassword' | 'deleteCredential' | 'deleteCredentials' | 'rememberLoginClient'
>;

function makeCredentialWrites(database: Connection, { note }: DirectoryMemory): CredentialWrites {
  const insert = database.prepare(INSERT_CREDENTIAL);
  const setPassword = database.prepare<[string, number, string]>('UPDATE credential SET password_hash = ? WHERE account = ? AND login = ?');
  const deleteOne = database.prepare<[number, string]>('DELETE FROM credential WHERE account = ? AND login = ?');
  const deleteAll = database.prepare<[number, number]>('DELETE FROM credential WHERE account = ? AND domain = ?');
  const saveClient = database.prepare<{ login: string; client: string; at: number }>(LOGIN_CLIENT_SQL.save);
  const deleteOldestClients = database.prepare<{ login: string }>(LOGIN_CLIENT_SQL.deleteOldest);
  const deleteClients = database.prepare<[string]>(LOGIN_CLIENT_SQL.deleteAll);
  return {
    createCredential(credential) {
      const id = Number(insert.run(credential).lastInsertRowid);
      note('credential', credential.login);
      return { ...credential, id };
    },
    setCredentialPassword(account, login, passwordHash) {
      if (setPassword.run(passwordHash, account, login).changes === 0) return false;
      // Perhaps the password was changed because one of these clients knew the old one.
      deleteClients.run(login);
      note('credential', login);
      return true;
    },
    deleteCredential(account, login) {
      if (deleteOne.run(account, login).changes === 0) return false;
      note('credential', login);
      return true;
    },
    deleteCredentials(account, domain) {
      const { changes } = deleteAll.run(account, domain);
      if (changes > 0) note('credential');
      return changes;
    },
    rememberLoginClient(login, client, at) {
      saveClient.run({ login, client, at });
      deleteOldestClients.run({ login });
    },
  };
}

export const credentialRows = {
  tables: { credential: boundedBy('its domain; deleted with it'), login_client: boundedBy('twenty for each login; deleted with it') },
  lookups: makeCredentialLookups,
  writes: makeCredentialWrites,
  lists: makeCredentialLists,
} satisfies Noun<DirectoryMemory>;
