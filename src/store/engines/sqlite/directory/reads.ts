/** Point look-ups of directory.db: each is one index seek, and runs on the writer thread so that a log search never delays it. */
import type { AccountRecord, ApiKeyRecord, CredentialRecord, DkimKeyRecord, DomainRecord } from '../../../directory-store.js';
import type { Connection } from '../database/open-database.js';
import { makeLoginClientReads } from './login-client-rows.js';
import { makePoolReads } from './pool-rows.js';
import {
  ACCOUNT_COLUMNS,
  type AccountRow,
  API_KEY_COLUMNS,
  type ApiKeyRow,
  CREDENTIAL_COLUMNS,
  type CredentialRow,
  DKIM_KEY_COLUMNS,
  type DkimKeyRow,
  DOMAIN_COLUMNS,
  type DomainRow,
  toApiKey,
  toDkimKey,
  toDomain,
} from './rows.js';
import { makeTemplateReads } from './template-rows.js';

export type DirectoryReads = ReturnType<typeof makeDirectoryReads>;

export const LONGEST_DOMAIN_SQL = `SELECT ${DOMAIN_COLUMNS} FROM domain WHERE name IN (SELECT value FROM json_each(?)) ORDER BY length(name) DESC LIMIT 1`;

export function makeDirectoryReads(database: Connection) {
  const accountById = database.prepare<[number], AccountRow>(`SELECT ${ACCOUNT_COLUMNS} FROM account WHERE id = ?`);
  const accountByPublicId = database.prepare<[string], AccountRow>(`SELECT ${ACCOUNT_COLUMNS} FROM account WHERE public_id = ?`);
  const everyAccount = database.prepare<[], AccountRow>(`SELECT ${ACCOUNT_COLUMNS} FROM account ORDER BY id`);
  const accounts = database.prepare<[], { count: number }>('SELECT count(*) AS count FROM account');
  const domainByName = database.prepare<[string], DomainRow>(`SELECT ${DOMAIN_COLUMNS} FROM domain WHERE name = ?`);
  const longestDomain = database.prepare<[string], DomainRow>(LONGEST_DOMAIN_SQL);
  const dkimKeys = database.prepare<[number, number], DkimKeyRow>(
    `SELECT ${DKIM_KEY_COLUMNS} FROM dkim_key WHERE account = ? AND domain = ? ORDER BY id`,
  );
  const credentialByLogin = database.prepare<[string], CredentialRow>(`SELECT ${CREDENTIAL_COLUMNS} FROM credential WHERE login = ?`);
  const keyById = database.prepare<[string], ApiKeyRow>(`SELECT ${API_KEY_COLUMNS} FROM api_key WHERE id = ?`);

  return {
    ...makeTemplateReads(database),
    ...makePoolReads(database),
    ...makeLoginClientReads(database),
    account: (id: number): AccountRecord | undefined => accountById.get(id),
    accountByPublicId: (publicId: string): AccountRecord | undefined => accountByPublicId.get(publicId),
    listAccounts: (): AccountRecord[] => everyAccount.all(),
    countAccounts: (): number => accounts.get()?.count ?? 0,
    domainByName(name: string): DomainRecord | undefined {
      const row = domainByName.get(name);
      return row && toDomain(row);
    },
    longestDomainOf(names: readonly string[]): DomainRecord | undefined {
      const row = longestDomain.get(JSON.stringify(names));
      return row && toDomain(row);
    },
    dkimKeys: (account: number, domain: number): DkimKeyRecord[] => dkimKeys.all(account, domain).map(toDkimKey),
    credentialByLogin: (login: string): CredentialRecord | undefined => credentialByLogin.get(login),
    keyById(id: string): ApiKeyRecord | undefined {
      const row = keyById.get(id);
      return row && toApiKey(row);
    },
  };
}
