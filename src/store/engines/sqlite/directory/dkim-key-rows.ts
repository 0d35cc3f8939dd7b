/** DKIM keys in directory.db. Each statement names the account, so another account's id matches no row. */
import type { DkimKeyFilter, DkimKeyRecord } from '../../../directory-store.js';
import type { Connection } from '../database/open-database.js';
import { DKIM_KEY_COLUMNS, type DkimKeyRow, toDkimKey } from './rows.js';

export const INSERT_DKIM_KEY = `INSERT INTO dkim_key (account, domain, selector, private_key, public_key, kind, bits, active, published, created_at)
  VALUES (@account, @domain, @selector, @privateKey, @publicKey, @kind, @bits, @active, @published, @createdAt)`;

export function makeDkimKeyWrites(database: Connection) {
  const insert = database.prepare(INSERT_DKIM_KEY);
  const update = database.prepare<object>(
    `UPDATE dkim_key SET active = coalesce(@active, active), published = coalesce(@published, published) WHERE account = @account AND id = @id`,
  );
  const flag = (value: boolean | undefined) => (value === undefined ? null : Number(value));
  const deleteOne = database.prepare<[number, number]>('DELETE FROM dkim_key WHERE account = ? AND id = ?');
  return {
    createDkimKey(key: Omit<DkimKeyRecord, 'id'>): DkimKeyRecord {
      const { lastInsertRowid } = insert.run({ ...key, active: Number(key.active), published: Number(key.published) });
      return { ...key, id: Number(lastInsertRowid) };
    },
    updateDkimKey: (account: number, id: number, { active, published }: Partial<Pick<DkimKeyRecord, 'active' | 'published'>>): boolean =>
      update.run({ account, id, active: flag(active), published: flag(published) }).changes > 0,
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
