/** Pools and sources of domains in directory.db. Each statement names the account, so another account's id matches no row. */
import type { PoolRecord, PoolReplacement, PoolStore } from '../../../pool-store.js';
import { boundedBy } from '../../../retention.js';
import type { Answers, Noun } from '../database/nouns.js';
import { type Connection, inSnapshot } from '../database/open-database.js';
import type { DirectoryMemory } from './memory.js';

interface PoolRow extends Omit<PoolRecord, 'addresses' | 'isLinked'> {
  addresses: string;
  isLinked: number;
}

const POOL = `SELECT id, account, public_id AS publicId, name, description, created_at AS createdAt,
  (SELECT json_group_array(address) FROM (SELECT address FROM pool_address WHERE pool = pool.id ORDER BY address)) AS addresses,
  EXISTS (SELECT 1 FROM domain_pool WHERE domain_pool.account = pool.account AND domain_pool.pool = pool.id) AS isLinked FROM pool`;

const toPool = ({ addresses, isLinked, ...row }: PoolRow): PoolRecord => ({
  ...row,
  addresses: JSON.parse(addresses) as string[],
  isLinked: isLinked === 1,
});

/** Point look-ups that mail waits for. */
function makePoolLookups(database: Connection): Answers<PoolStore, 'domainNameOf' | 'pool' | 'domainSource'> {
  const byPublicId = database.prepare<[number, string], PoolRow>(`${POOL} WHERE account = ? AND public_id = ?`);
  const ofDomain = database.prepare<object, PoolRow>(
    `${POOL} WHERE account = @account AND id = (SELECT pool FROM domain_pool WHERE domain = @domain AND account = @account)`,
  );
  const addressesOf = database
    .prepare<[number, number], string>('SELECT address FROM domain_address WHERE domain = ? AND account = ? ORDER BY address')
    .pluck();
  const nameOf = database.prepare<[string, number], string>('SELECT name FROM domain WHERE public_id = ? AND account = ?').pluck();
  return {
    domainNameOf: (account, publicId) => nameOf.get(publicId, account) as string | undefined,
    pool(account, publicId) {
      const row = byPublicId.get(account, publicId);
      return row === undefined ? undefined : toPool(row);
    },
    domainSource(account, domain) {
      const row = ofDomain.get({ account, domain });
      return row === undefined ? { addresses: addressesOf.all(domain, account) as string[] } : { pool: toPool(row), addresses: [] };
    },
  };
}

type PoolWrites = Answers<
  PoolStore,
  'createPool' | 'updatePool' | 'deletePool' | 'setDomainSource' | 'addDomainAddress' | 'replaceDomainAddress'
>;

export function makePoolWrites(database: Connection, { note }: DirectoryMemory): PoolWrites {
  const insert = database.prepare(
    'INSERT INTO pool (account, public_id, name, description, created_at) VALUES (@account, @publicId, @name, @description, @createdAt)',
  );
  const insertAddress = database.prepare<[number, string]>('INSERT OR IGNORE INTO pool_address (pool, address) VALUES (?, ?)');
  const clearAddresses = database.prepare<[number]>('DELETE FROM pool_address WHERE pool = ?');
  const change = database.prepare<object, { publicId: string }>(
    `UPDATE pool SET name = coalesce(@name, name), description = coalesce(@description, description) WHERE account = @account AND id = @id
     RETURNING public_id AS publicId`,
  );
  const remove = database.prepare<[number, number], { publicId: string }>(
    'DELETE FROM pool WHERE account = ? AND id = ? RETURNING public_id AS publicId',
  );
  const domainsOf = database.prepare<[number, number], number>('SELECT domain FROM domain_pool WHERE account = ? AND pool = ?').pluck();
  const unlink = database.prepare<[number, number]>('DELETE FROM domain_pool WHERE account = ? AND domain = ?');
  const link = database.prepare<[number, number, number]>('INSERT INTO domain_pool (account, domain, pool) VALUES (?, ?, ?)');
  const takeAddresses = database.prepare<[number, number]>('DELETE FROM domain_address WHERE account = ? AND domain = ?');
  const giveAddress = database.prepare<[number, number, string]>(
    'INSERT OR IGNORE INTO domain_address (account, domain, address) VALUES (?, ?, ?)',
  );
  const giveToAll = database.prepare<[string, number]>(
    `INSERT OR IGNORE INTO domain_address (account, domain, address)
     SELECT account, id, ? FROM domain WHERE account = ? AND NOT EXISTS (SELECT 1 FROM domain_pool WHERE domain_pool.domain = domain.id)`,
  );
  const giveInstead = database.prepare<[string, number, string]>(
    'INSERT OR IGNORE INTO domain_address (account, domain, address) SELECT account, domain, ? FROM domain_address WHERE account = ? AND address = ?',
  );
  const takeFromAll = database.prepare<[number, string]>('DELETE FROM domain_address WHERE account = ? AND address = ?');

  function setDomainSource(account: number, domain: number, { pool, addresses = [] }: PoolReplacement): void {
    unlink.run(account, domain);
    takeAddresses.run(account, domain);
    if (pool !== undefined) link.run(account, domain, pool);
    else for (const address of addresses) giveAddress.run(account, domain, address);
    note('domainSource', domain);
  }

  return {
    createPool({ addresses, ...pool }) {
      const id = Number(insert.run(pool).lastInsertRowid);
      for (const address of addresses) insertAddress.run(id, address);
      note('pool', pool.publicId);
      return { ...pool, id, addresses: [...addresses].sort(), isLinked: false };
    },
    updatePool(account, id, changes) {
      const { name = null, description = null, addresses } = changes;
      const changed = change.get({ account, id, name, description });
      if (changed === undefined) return false;
      note('pool', changed.publicId);
      if (addresses !== undefined) {
        clearAddresses.run(id);
        for (const address of addresses) insertAddress.run(id, address);
      }
      return true;
    },
    deletePool(account, id, replacement) {
      for (const domain of domainsOf.all(account, id) as number[]) setDomainSource(account, domain, replacement);
      const removed = remove.get(account, id);
      if (removed !== undefined) note('pool', removed.publicId);
      return removed !== undefined;
    },
    setDomainSource,
    addDomainAddress(account, address) {
      giveToAll.run(address, account);
      note('domainSource');
    },
    replaceDomainAddress(account, address, alternative) {
      if (alternative !== undefined) giveInstead.run(alternative, account, address);
      takeFromAll.run(account, address);
      note('domainSource');
    },
  };
}

const HAS_ADDRESS = `account = @account AND (@search IS NULL OR instr(name, @search) > 0) AND id IN (
  SELECT domain FROM domain_address WHERE account = @account AND address = @address
  UNION ALL SELECT domain FROM domain_pool WHERE account = @account AND pool IN (
    SELECT pool.id FROM pool CROSS JOIN pool_address ON pool_address.pool = pool.id AND pool_address.address = @address
    WHERE pool.account = @account))`;

/** Lists for people and the API. */
function makePoolLists(database: Connection): Answers<PoolStore, 'listPools' | 'listPoolDomains' | 'listAddressDomains'> {
  const all = database.prepare<[number], PoolRow>(`${POOL} WHERE account = ? ORDER BY id`);
  const domains = database.prepare<[number, number, number, number], { row: number; publicId: string; name: string }>(
    `SELECT domain.id AS row, domain.public_id AS publicId, domain.name AS name FROM domain_pool JOIN domain ON domain.id = domain_pool.domain
     WHERE domain_pool.account = ? AND domain_pool.pool = ? AND domain_pool.domain > ? ORDER BY domain_pool.domain LIMIT ?`,
  );
  const count = database.prepare<object, number>(`SELECT count(*) FROM domain WHERE ${HAS_ADDRESS}`).pluck();
  const page = database.prepare<object, { domain: string; addresses: string }>(
    `SELECT name AS domain, (SELECT json_group_array(address) FROM (
       SELECT address FROM domain_address WHERE domain = domain.id
       UNION SELECT address FROM pool_address WHERE pool = (SELECT pool FROM domain_pool WHERE domain_pool.domain = domain.id)
       ORDER BY address)) AS addresses
     FROM domain WHERE ${HAS_ADDRESS} ORDER BY id LIMIT @limit OFFSET @skip`,
  );
  return {
    listPools: (account) => all.all(account).map(toPool),
    listPoolDomains: (account, pool, limit, after) => domains.all(account, pool, after, limit),
    listAddressDomains: inSnapshot(database, (account, address, { limit, skip, search }) => {
      const where = { account, address, search: search?.toLowerCase() ?? null };
      const rows = page.all({ ...where, limit, skip });
      const items = rows.map(({ domain, addresses }) => ({ domain, addresses: JSON.parse(addresses) as string[] }));
      return { items, total: (count.get(where) as number | undefined) ?? 0 };
    }),
  };
}

export const poolRows = {
  tables: {
    pool: boundedBy('what customers set up; deleted by them'),
    pool_address: boundedBy('its pool; deleted with it'),
    domain_pool: boundedBy('its domain; deleted with it'),
    domain_address: boundedBy('its domain; deleted with it'),
  },
  lookups: makePoolLookups,
  writes: makePoolWrites,
  lists: makePoolLists,
} satisfies Noun<DirectoryMemory>;
