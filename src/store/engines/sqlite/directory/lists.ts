/** Pages of directory.db for people and the API; run on the reader thread. Each page and its total come from one snapshot. */
import type { ApiKeyRecord, CredentialRecord, DomainFilter, DomainRecord } from '../../../directory-store.js';
import type { Page } from '../../../page.js';
import { type Connection, inSnapshot } from '../database/open-database.js';
import { makeDkimKeyLists } from './dkim-key-rows.js';
import { makePoolLists } from './pool-rows.js';
import {
  API_KEY_COLUMNS,
  type ApiKeyRow,
  CREDENTIAL_COLUMNS,
  type CredentialRow,
  DOMAIN_COLUMNS,
  type DomainRow,
  toApiKey,
  toDomain,
} from './rows.js';
import { makeStsPolicyLists } from './sts-policy-rows.js';
import { makeTemplateLists } from './template-rows.js';

export type DirectoryLists = ReturnType<typeof makeDirectoryLists>;

const DOMAIN_ORDER: Record<DomainFilter['sort'], string> = {
  'name:asc': 'name',
  'name:desc': 'name DESC',
  created: 'id DESC',
};

const DOMAIN_WHERE =
  'account = @account AND (@state IS NULL OR state = @state) AND (@search IS NULL OR instr(name, @search) > 0) AND (@name IS NULL OR name = @name)';

export function makeDirectoryLists(database: Connection) {
  const countDomains = database.prepare<object, { total: number }>(`SELECT count(*) AS total FROM domain WHERE ${DOMAIN_WHERE}`);
  const pageOfDomains = (sort: DomainFilter['sort']) =>
    database.prepare<object, DomainRow>(
      `SELECT ${DOMAIN_COLUMNS} FROM domain WHERE ${DOMAIN_WHERE} ORDER BY ${DOMAIN_ORDER[sort]} LIMIT @limit OFFSET @skip`,
    );
  const domainPages = { 'name:asc': pageOfDomains('name:asc'), 'name:desc': pageOfDomains('name:desc'), created: pageOfDomains('created') };
  const countCredentials = database.prepare<[number, number], { total: number }>(
    'SELECT count(*) AS total FROM credential WHERE account = ? AND domain = ?',
  );
  const credentials = database.prepare<[number, number, number, number], CredentialRow>(
    `SELECT ${CREDENTIAL_COLUMNS} FROM credential WHERE account = ? AND domain = ? ORDER BY login LIMIT ? OFFSET ?`,
  );
  const keys = database.prepare<object, ApiKeyRow>(
    `SELECT ${API_KEY_COLUMNS} FROM api_key WHERE account = @account
     AND (@domainName IS NULL OR domain_name = @domainName) AND (@kind IS NULL OR kind = @kind) ORDER BY created_at, id`,
  );

  return {
    ...makeDkimKeyLists(database),
    ...makeTemplateLists(database),
    ...makeStsPolicyLists(database),
    ...makePoolLists(database),
    listDomains: inSnapshot(database, (account: number, filter: DomainFilter): Page<DomainRecord> => {
      const where = { account, state: filter.state ?? null, search: filter.search?.toLowerCase() ?? null, name: filter.name ?? null };
      const rows = domainPages[filter.sort].all({ ...where, limit: filter.limit, skip: filter.skip });
      return { items: rows.map(toDomain), total: countDomains.get(where)?.total ?? 0 };
    }),
    listCredentials: inSnapshot(database, (account: number, domain: number, limit: number, skip: number): Page<CredentialRecord> => {
      return { items: credentials.all(account, domain, limit, skip), total: countCredentials.get(account, domain)?.total ?? 0 };
    }),
    listKeys(account: number, filter: { domainName?: string; kind?: ApiKeyRecord['kind'] }): ApiKeyRecord[] {
      return keys.all({ account, domainName: filter.domainName ?? null, kind: filter.kind ?? null }).map(toApiKey);
    },
  };
}
