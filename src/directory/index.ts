/**
 * What customers configured: accounts, domains with their DKIM keys, SMTP logins, API keys, templates, and which of the server's IPs mail leaves from.
 *
 * - Every call that belongs to a customer names the account. What is not the account's is answered like what does not exist (Refusal 404).
 * - Bad input is Refusal 400, whose text names the parameter; storage errors are StoreError.
 * - Secrets are returned once, when they are made; what is kept is hashed (scrypt for passwords, HMAC for keys).
 * - Look-ups on the way of mail are remembered for minutes at most, and forgotten when the store tells of a change, so that every change counts at once.
 */
export { OPERATORS_ACCOUNT } from './access/accounts.js';
export type { Credentials } from './access/credentials.js';
export type { NewKey } from './access/keys.js';
export { type Directory, makeDirectory } from './directory.js';
export type { DnsRecord, DomainDns } from './domains/dns-records.js';
export { DEFAULT_DOMAIN_SETTINGS, type NewDomain } from './domains/domains.js';
export { idleSettings, makeIdleNotices, type NoteIdle } from './domains/idle-settings.js';
export { ensureServerKey, readServerKey, replaceSecret, writeSecret } from './secrets/server-key.js';
export type { NewTemplateVersion, ReadyTemplate } from './templates/templates.js';
