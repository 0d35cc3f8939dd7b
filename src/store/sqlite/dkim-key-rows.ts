/** DKIM keys in directory.db. Each statement names the account, so another account's id matches no row. */
import type { DkimKeyFilter, DkimKeyRecord } from '../directory-store.js';
import { DKIM_KEY_COLUMNS, type DkimKeyRow, toDkimKey } from './directory-rows.js';
import type { Connection } from './open-database.js';

export const INSERT_DKIM_KEY = `INSERT INTO dkim_key (account, domain, selector, private_key, public_key, kind, bits, active, created_at)
  VALUES (@account, @domain, @selector, @privateKey, @publicKey, @kind, @bits, @active, @createdAt)`;

export function makeDkimKeyWrites(database: Connection) {
  const insert = database.prepare(INSERT_DKIM_KEY);
  const setActive = database.prepare<[number, number, number]>('UPDATE dkim_key SET active = ? WHERE account = ? AND id = ?');
  const deleteOne = database.prepare<[number, number]>('DELETE FROM dkim_key WHERE account = ? AND id = ?');
  return {
    createDkimKey(key: Omit<DkimKeyRecord, 'id'>): DkimKeyRecord {
      const { lastInsertRowid } = insert.run({ ...key, active: Number(key.active) });
      return { ...key, id: Number(lastInsertRowid) };
    },
    setDkimKeyActive: (account: number, id: number, active: boolean): boolean => setActive.run(Number(active), account, id).changes > 0,
    deleteDkimKey: (account: number, id: number): boolean => deleteOne.run(account, id).changes > 0,
  };
}

const SELECT = `SELECT ${DKIM_KEY_COLUMNS}, (SELECT name FROM domain WHERE domain.id = dkim_key.domain) AS domainName FROM dkim_key
  WHERE account = @account AND (@selector IS NULL OR selector = @selector)
  AND (@domainName IS NULL OR domain = (SELECT domain.id FROM domain WHERE name = @domainName))`;

export function makeDkimKeyLists(database: Connection) {
  type Row = DkimKeyRow & { domainName: string };
  const forward = database.prepare<object, Row>(`${SELECT} AND id > @from ORDER BY id LIMIT @limit`);
  const backward = database.prepare<object, Row>(`${SELECT} AND id < @from ORDER BY id DESC LIMIT @limit`);
  return {
    listDkimKeys(account: number, filter: DkimKeyFilter): (DkimKeyRecord & { domainName: string })[] {
      const where = { account, domainName: filter.domainName ?? null, selector: filter.selector ?? null, limit: filter.limit };
      const rows =
        filter.before === undefined
          ? forward.all({ ...where, from: filter.after ?? 0 })
          : backward.all({ ...where, from: filter.before }).reverse();
      return rows.map(({ domainName, ...row }) => ({ ...toDkimKey(row), domainName }));
    },
  };
}
