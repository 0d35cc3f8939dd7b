/** Domains in directory.db. Each statement that changes one names the account, so another account's id matches no row. */
import type { DomainFilter, DomainRecord, DomainSettings, DomainStore } from '../../../domain-store.js';
import { boundedBy } from '../../../retention.js';
import type { Answers, Noun } from '../database/nouns.js';
import { type Connection, inSnapshot } from '../database/open-database.js';
import { INSERT_CREDENTIAL } from './credential-rows.js';
import { INSERT_DKIM_KEY } from './dkim-key-rows.js';
import type { DirectoryMemory } from './memory.js';
import { makePoolWrites } from './pool-rows.js';
import { makeTemplateWrites } from './template-rows.js';

/** The columns of a domain's settings. */
const SETTING_COLUMNS: Record<keyof DomainSettings, string> = {
  requireTls: 'require_tls',
  skipVerification: 'skip_verification',
  webScheme: 'web_scheme',
  webPrefix: 'web_prefix',
  messageTtl: 'message_ttl',
  spamAction: 'spam_action',
  wildcard: 'wildcard',
  forceDkimAuthority: 'force_dkim_authority',
  forceRootDkimHost: 'force_root_dkim_host',
  automaticSenderSecurity: 'automatic_sender_security',
  encryptIncoming: 'encrypt_incoming',
  dkimHost: 'dkim_host',
  mailfromHost: 'mailfrom_host',
  archiveTo: 'archive_to',
};
const SETTING_NAMES = Object.keys(SETTING_COLUMNS) as (keyof DomainSettings)[];
/** Settings that are 0 or 1. */
const FLAGS = [
  'requireTls',
  'skipVerification',
  'wildcard',
  'forceDkimAuthority',
  'forceRootDkimHost',
  'automaticSenderSecurity',
  'encryptIncoming',
] as const;

type Flag = (typeof FLAGS)[number];
type DomainRow = Omit<DomainRecord, Flag> & Record<Flag, number>;

const COLUMNS = `id, account, public_id AS publicId, name, type, state, created_at AS createdAt, ${Object.entries(SETTING_COLUMNS)
  .map(([name, column]) => `${column} AS ${name}`)
  .join(', ')}`;

const ORDER: Record<DomainFilter['sort'], string> = { 'name:asc': 'name', 'name:desc': 'name DESC', created: 'id DESC' };

const MATCHING =
  'account = @account AND (@state IS NULL OR state = @state) AND (@search IS NULL OR instr(name, @search) > 0) AND (@name IS NULL OR name = @name)';

export const LONGEST_DOMAIN_SQL = `SELECT ${COLUMNS} FROM domain WHERE name IN (SELECT value FROM json_each(?)) ORDER BY length(name) DESC LIMIT 1`;

function toDomain(row: DomainRow): DomainRecord {
  const flags = Object.fromEntries(FLAGS.map((name) => [name, row[name] === 1])) as Record<Flag, boolean>;
  return { ...row, ...flags };
}

function makeDomainLookups(database: Connection): Answers<DomainStore, 'domainByName' | 'longestDomainOf'> {
  const byName = database.prepare<[string], DomainRow>(`SELECT ${COLUMNS} FROM domain WHERE name = ?`);
  const longest = database.prepare<[string], DomainRow>(LONGEST_DOMAIN_SQL);
  return {
    domainByName(name) {
      const row = byName.get(name);
      return row && toDomain(row);
    },
    longestDomainOf(names) {
      const row = longest.get(JSON.stringify(names));
      return row && toDomain(row);
    },
  };
}

/** Each page and its total come from one snapshot. */
function makeDomainLists(database: Connection): Answers<DomainStore, 'listDomains'> {
  const count = database.prepare<object, { total: number }>(`SELECT count(*) AS total FROM domain WHERE ${MATCHING}`);
  const pageBy = (sort: DomainFilter['sort']) =>
    database.prepare<object, DomainRow>(
      `SELECT ${COLUMNS} FROM domain WHERE ${MATCHING} ORDER BY ${ORDER[sort]} LIMIT @limit OFFSET @skip`,
    );
  const pages = { 'name:asc': pageBy('name:asc'), 'name:desc': pageBy('name:desc'), created: pageBy('created') };
  return {
    listDomains: inSnapshot(database, (account, filter) => {
      const where = { account, state: filter.state ?? null, search: filter.search?.toLowerCase() ?? null, name: filter.name ?? null };
      const rows = pages[filter.sort].all({ ...where, limit: filter.limit, skip: filter.skip });
      return { items: rows.map(toDomain), total: count.get(where)?.total ?? 0 };
    }),
  };
}

type DomainWrites = Answers<DomainStore, 'createDomain' | 'setDomainState' | 'updateDomain' | 'deleteDomain'>;

function makeDomainWrites(database: Connection, memory: DirectoryMemory): DomainWrites {
  const insert = database.prepare(
    `INSERT INTO domain (account, public_id, name, type, state, created_at, ${Object.values(SETTING_COLUMNS).join(', ')})
     VALUES (@account, @publicId, @name, @type, @state, @createdAt, ${SETTING_NAMES.map((name) => `@${name}`).join(', ')})`,
  );
  const change = database.prepare<object, { name: string }>(
    `UPDATE domain SET ${Object.entries(SETTING_COLUMNS)
      .map(([name, column]) => `${column} = coalesce(@${name}, ${column})`)
      .join(', ')} WHERE account = @account AND id = @id RETURNING name`,
  );
  const insertDkimKey = database.prepare(INSERT_DKIM_KEY);
  const insertCredential = database.prepare(INSERT_CREDENTIAL);
  const { note } = memory;
  const { deleteTemplates } = makeTemplateWrites(database, memory);
  const { setDomainSource } = makePoolWrites(database, memory);
  const setState = database.prepare<[string, number, number], { name: string }>(
    'UPDATE domain SET state = ? WHERE account = ? AND id = ? RETURNING name',
  );
  const nameOf = database.prepare<[number, number], { name: string }>('SELECT name FROM domain WHERE account = ? AND id = ?');
  const deleteDkimKeys = database.prepare<[number, number]>('DELETE FROM dkim_key WHERE account = ? AND domain = ?');
  const deleteCredentials = database.prepare<[number, number]>('DELETE FROM credential WHERE account = ? AND domain = ?');
  const deleteKeys = database.prepare<[number, string]>('DELETE FROM api_key WHERE account = ? AND domain_name = ?');
  const deleteOne = database.prepare<[number, number]>('DELETE FROM domain WHERE account = ? AND id = ?');

  function changed(row: { name: string } | undefined): boolean {
    if (row !== undefined) note('domain', row.name);
    return row !== undefined;
  }

  return {
    createDomain(domain, dkimKey, credential, source) {
      const id = Number(insert.run(withFlags(domain)).lastInsertRowid);
      insertDkimKey.run({ ...withFlags(dkimKey), domain: id });
      if (credential) insertCredential.run({ ...credential, domain: id });
      if (source) setDomainSource(domain.account, id, source);
      note('domain', domain.name);
      note('dkimKey', id);
      if (credential) note('credential', credential.login);
      return { ...domain, id };
    },
    setDomainState: (account, id, state) => changed(setState.get(state, account, id)),
    updateDomain(account, id, changes) {
      const values = Object.fromEntries(SETTING_NAMES.map((name) => [name, changes[name] ?? null]));
      return changed(change.get(withFlags({ ...values, account, id })));
    },
    deleteDomain(account, id) {
      const domain = nameOf.get(account, id);
      if (!domain) return false;
      deleteDkimKeys.run(account, id);
      deleteCredentials.run(account, id);
      deleteKeys.run(account, domain.name);
      deleteTemplates(account, id);
      deleteOne.run(account, id);
      note('domain', domain.name);
      note('dkimKey', id);
      note('credential');
      note('apiKey');
      note('domainSource', id);
      return true;
    },
  };
}

type Flags<T> = { [K in keyof T]: T[K] extends boolean ? number : T[K] };

/** better-sqlite3 binds no booleans. */
function withFlags<T extends object>(record: T): Flags<T> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, typeof value === 'boolean' ? Number(value) : value]),
  ) as Flags<T>;
}

export const domainRows = {
  tables: { domain: boundedBy('what customers set up; deleted by them') },
  lookups: makeDomainLookups,
  writes: makeDomainWrites,
  lists: makeDomainLists,
} satisfies Noun<DirectoryMemory>;
