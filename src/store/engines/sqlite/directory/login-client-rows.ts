/** From where logins were used, in directory.db: the newest few of each login. They go with it, and when its password changes. */
import type { Connection } from '../database/open-database.js';

const PER_LOGIN = 20;

export const LOGIN_CLIENT_SQL = {
  find: 'SELECT 1 FROM login_client WHERE login = ? AND client = ?',
  save: `INSERT INTO login_client (login, client, seen_at) SELECT login, @client, @at FROM credential WHERE login = @login
     ON CONFLICT (login, client) DO UPDATE SET seen_at = excluded.seen_at`,
  deleteOldest: `DELETE FROM login_client WHERE login = @login AND client NOT IN
     (SELECT client FROM login_client WHERE login = @login ORDER BY seen_at DESC LIMIT ${PER_LOGIN})`,
  deleteAll: 'DELETE FROM login_client WHERE login = ?',
};

export function makeLoginClientReads(database: Connection) {
  const find = database.prepare<[string, string]>(LOGIN_CLIENT_SQL.find);
  return { isLoginClient: (login: string, client: string): boolean => find.get(login, client) !== undefined };
}

export function makeLoginClientWrites(database: Connection) {
  const save = database.prepare<{ login: string; client: string; at: number }>(LOGIN_CLIENT_SQL.save);
  const deleteOldest = database.prepare<{ login: string }>(LOGIN_CLIENT_SQL.deleteOldest);
  return {
    rememberLoginClient(login: string, client: string, at: number): void {
      save.run({ login, client, at });
      deleteOldest.run({ login });
    },
  };
}
