/** DKIM keys in directory.db. Each statement names the account, so another account's id matches no row. */
import type { DkimKeyRecord, DomainStore } from '../../../domain-store.js';
import { boundedBy } from '../../../retention.js';
import type { Answers, Noun } from '../database/nouns.js';
import type { Connection } from '../database/open-database.js';
import type { DirectoryMemory } from './memory.js';

export const INSERT_DKIM_KEY = `INSERT INTO dkim_key (account, domain, selector, private_key, public_key, kind, bits, active, published, created_at)
  VALUES (@account, @domain, @selector, @privateKey, @publicKey, @kind, @bits, @active, @published, @createdAt)`;

const COLUMNS = `id, account, domain, selector, private_key AS privateKey, public_key AS publicKey, kind, bits, active,
  published, created_at AS createdAt`;

interface DkimKeyRow extends Omit<DkimKeyRecord, 'active' | 'published'> {
  active: number;
  published: number;
}

function toDkimKey(row: DkimKeyRow): DkimKeyRecord {
  return { ...row, active: row.active === 1, published: row.published === 1 };
}

function makeDkimKeyLookups(database: Connection): Answers<DomainStore, 'dkimKeys'> {
  const ofDomain = database.prepare<[number, number], DkimKeyRow>(
    `SELECT ${COLUMNS} FROM dkim_key WHERE account = ? AND domain = ? ORDER BY id`,
  );
  return { dkimKeys: (account, domain) => ofDomain.all(account, domain).map(toDkimKey) };
}

function makeDkimKeyWrites(
  database: Connection,
  { note }: DirectoryMemory,
): Answers<DomainStore, 'createDkimKey' | 'updateDkimKey' | 'deleteDkimKey'> {
  const insert = database.prepare(INSERT_DKIM_KEY);
  const update = database.prepare<object, { domain: number }>(
    `UPDATE dkim_key SET active = coalesce(@active, active), published = coalesce(@published, published)
     WHERE account = @account AND id = @id RETURNING domain`,
  );
  const flag = (value: boolean | undefined) => (value === undefined ? null : Number(value));
  const deleteOne = database.prepare<[number, number], { domain: number }>(
    'DELETE FROM dkim_key WHERE account = ? AND id = ? RETURNING domain',
  );
  function changed(row: { domain: number } | undefined): boolean {
    if (row !== undefined) note('dkimKey', row.domain);
    return row !== undefined;
  }

  return {
    createDkimKey(key) {
      const { lastInsertRowid } = insert.run({ ...key, active: Number(key.active), published: Number(key.published) });
      note('dkimKey', key.domain);
      return { ...key, id: Number(lastInsertRowid) };
    },
    updateDkimKey: (account, id, { active, published }) =>
      changed(update.get({ account, id, active: flag(active), published: flag(published) })),
    deleteDkimKey: (account, id) => changed(deleteOne.get(account, id)),
  };
}

const SELECT = `SELECT ${COLUMNS}, (SELECT name FROM domain WHERE domain.id = dkim_key.domain) AS domainName FROM dkim_key
  WHERE account = @account AND (@selector IS NULL OR selector = @selector)
  AND (@domainName IS NULL OR domain = (SELECT domain.id FROM domain WHERE name = @domainName))`;

function makeDkimKeyLists(database: Connection): Answers<DomainStore, 'listDkimKeys'> {
  type Row = DkimKeyRow & { domainName: string };
  const forward = database.prepare<object, Row>(`${SELECT} AND id > @from ORDER BY id LIMIT @limit`);
  const backward = database.prepare<object, Row>(`${SELECT} AND id < @from ORDER BY id DESC LIMIT @limit`);
  return {
    listDkimKeys(account, filter) {
      const where = { account, domainName: filter.domainName ?? null, selector: filter.selector ?? null, limit: filter.limit };
      const rows =
        filter.before === undefined
          ? forward.all({ ...where, from: filter.after ?? 0 })
          : backward.all({ ...where, from: filter.before }).reverse();
      return rows.map(({ domainName, ...row }) => ({ ...toDkimKey(row), domainName }));
    },
  };
}

export const dkimKeyRows = {
  tables: { dkim_key: boundedBy('its domain; deleted with it') },
  lookups: makeDkimKeyLookups,
  writes: makeDkimKeyWrites,
  lists: makeDkimKeyLists,
} satisfies Noun<DirectoryMemory>;
