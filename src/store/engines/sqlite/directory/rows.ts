/** How the rows of directory.db become records: booleans are 0 and 1, absent texts are NULL. */
import type {
  AccountRecord,
  ApiKeyRecord,
  CredentialRecord,
  DkimKeyRecord,
  DomainRecord,
  DomainSettings,
} from '../../../directory-store.js';

/** The columns of a domain's settings, and which of them are 0 or 1. */
export const SETTING_COLUMNS: Record<keyof DomainSettings, string> = {
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
export type DomainRow = Omit<DomainRecord, Flag> & Record<Flag, number>;

export interface DkimKeyRow extends Omit<DkimKeyRecord, 'active' | 'published'> {
  active: number;
  published: number;
}

export interface ApiKeyRow extends Omit<ApiKeyRecord, 'domainName' | 'expiresAt' | 'email' | 'userId' | 'userName'> {
  domainName: string | null;
  expiresAt: number | null;
  email: string | null;
  userId: string | null;
  userName: string | null;
}

export type AccountRow = AccountRecord;
export type CredentialRow = CredentialRecord;

export const ACCOUNT_COLUMNS = 'id, public_id AS publicId, name, signing_key AS signingKey, created_at AS createdAt';

export const DOMAIN_COLUMNS = `id, account, public_id AS publicId, name, type, state, created_at AS createdAt, ${Object.entries(
  SETTING_COLUMNS,
)
  .map(([name, column]) => `${column} AS ${name}`)
  .join(', ')}`;

export const DKIM_KEY_COLUMNS = `id, account, domain, selector, private_key AS privateKey, public_key AS publicKey, kind, bits, active,
  published, created_at AS createdAt`;

export const CREDENTIAL_COLUMNS = 'id, account, domain, login, password_hash AS passwordHash, created_at AS createdAt';

export const API_KEY_COLUMNS = `id, account, role, kind, description, domain_name AS domainName, secret_hash AS secretHash,
  created_at AS createdAt, updated_at AS updatedAt, expires_at AS expiresAt, email, user_id AS userId, user_name AS userName`;

export function toDomain(row: DomainRow): DomainRecord {
  const flags = Object.fromEntries(FLAGS.map((name) => [name, row[name] === 1])) as Record<Flag, boolean>;
  return { ...row, ...flags };
}

export function toDkimKey(row: DkimKeyRow): DkimKeyRecord {
  return { ...row, active: row.active === 1, published: row.published === 1 };
}

export function toApiKey({ domainName, expiresAt, email, userId, userName, ...row }: ApiKeyRow): ApiKeyRecord {
  const key: ApiKeyRecord = row;
  if (email !== null) key.email = email;
  if (userId !== null) key.userId = userId;
  if (userName !== null) key.userName = userName;
  if (domainName !== null) key.domainName = domainName;
  if (expiresAt !== null) key.expiresAt = expiresAt;
  return key;
}
