/**
 * What customers configured: accounts, domains with their DKIM keys, SMTP logins, API keys. Every call that belongs to a customer names the account;
 * what is not the account's is answered like what does not exist (Refusal 404), bad input is Refusal 400, and storage errors are StoreError.
 * Secrets are returned once, when they are made; what is kept is hashed (scrypt for passwords, HMAC for keys).
 */
export { OPERATORS_ACCOUNT } from './accounts.js';
export type {
  Accounts,
  Credentials,
  Directory,
  DkimKeys,
  DnsRecord,
  DomainDns,
  Domains,
  Keys,
  NewDkimKey,
  NewDomain,
  NewKey,
  NewTemplate,
  NewTemplateVersion,
  ReadyTemplate,
  SigningKey,
  Templates,
  TemplateVersionUpdate,
} from './directory.js';
export { DEFAULT_DOMAIN_SETTINGS } from './domains.js';
export { makeIdleNotices, type NoteIdle } from './idle-notices.js';
export { idleSettings } from './idle-settings.js';
export { type DirectoryDeps, makeDirectory } from './make-directory.js';
export { ensureServerKey, readServerKey, replaceSecret, writeSecret } from './server-key.js';
