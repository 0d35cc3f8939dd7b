/**
 * Who may come in: SMTP logins and API keys. Each method is one atomic unit and names the account, except the look-ups that find out who is calling.
 * Logins arrive in lower case.
 */
import type { Page } from './page.js';

export interface CredentialRecord {
  id: number;
  account: number;
  domain: number;
  /** Full login, `alice@example.com`. */
  login: string;
  /** scrypt hash with its parameters. */
  passwordHash: string;
  createdAt: number;
}

export type KeyRole = 'admin' | 'analyst' | 'developer' | 'support' | 'sending';

export interface ApiKeyRecord {
  /** Public id, the tail of the secret: `3f2a1b0c-9d8e7f60`. */
  id: string;
  account: number;
  role: KeyRole;
  /** What Mailgun calls it; `domain` keys always have a `domainName`. */
  kind: 'domain' | 'user' | 'web';
  description: string;
  /** The domain that the key is bound to, whatever its kind and role. */
  domainName?: string;
  /** Hex HMAC-SHA256 of the secret. */
  secretHash: string;
  createdAt: number;
  updatedAt: number;
  expiresAt?: number;
  /** The person or program that the key was made for, in the words of whoever made it. Keys are never looked up by it. */
  email?: string;
  userId?: string;
  userName?: string;
}

export interface AccessStore {
  createCredential(credential: Omit<CredentialRecord, 'id'>): Promise<CredentialRecord>;
  credentialByLogin(login: string): Promise<CredentialRecord | undefined>;
  listCredentials(account: number, domain: number, limit: number, skip: number): Promise<Page<CredentialRecord>>;
  setCredentialPassword(account: number, login: string, passwordHash: string): Promise<boolean>;
  deleteCredential(account: number, login: string): Promise<boolean>;
  /** Gives how many were deleted. */
  deleteCredentials(account: number, domain: number): Promise<number>;

  /** Whether `client` (an IPv4 address or an IPv6 /64 network) is among the last twenty that used this login with its right password. */
  isLoginClient(login: string, client: string): Promise<boolean>;
  /** Does nothing for a login that does not exist. */
  rememberLoginClient(login: string, client: string, at: number): Promise<void>;

  createKey(key: ApiKeyRecord): Promise<void>;
  keyById(id: string): Promise<ApiKeyRecord | undefined>;
  listKeys(account: number, filter: { domainName?: string; kind?: ApiKeyRecord['kind'] }): Promise<ApiKeyRecord[]>;
  /**
   * `last`: nothing was deleted, because the key is the account's last admin key that is not bound to a domain and has not expired at `now`. If the
   * key never expires, another key that expires does not count as a replacement.
   */
  deleteKey(account: number, id: string, now: number): Promise<'deleted' | 'last' | 'unknown'>;
}
