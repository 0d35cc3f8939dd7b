/**
 * What customers configured. Each method is one atomic unit and, when it writes, durable on resolve.
 * Every method names the account, except the look-ups that find out who is calling (by key id, by login, by domain name).
 * Names (`domain.name`, `credential.login`) arrive normalised: lower-case ASCII domains.
 * Throws StoreError: `conflict` when a unique name is taken, `full`, `failed`, `closed`.
 */
import type { Page } from './page.js';
import type { PoolReplacement, PoolStore } from './pool-store.js';
import type { TemplateStore } from './template-store.js';

export interface AccountRecord {
  id: number;
  /** 24 hex digits, as Mailgun shows it. */
  publicId: string;
  name: string;
  /** HTTP webhook signing key; kept readable, because signing needs it. */
  signingKey: string;
  createdAt: number;
}

/** What of a domain its owner may change. Texts are `''` when nothing is said. */
export interface DomainSettings {
  requireTls: boolean;
  skipVerification: boolean;
  webScheme: 'http' | 'https';
  webPrefix: string;
  /** How long messages are kept after their last delivery has ended, s. */
  messageTtl: number;
  /** What becomes of spam that comes in. */
  spamAction: 'disabled' | 'tag' | 'block';
  /** Mail for subdomains comes in as well. */
  wildcard: boolean;
  /** Signs with keys of its own name, also below a domain that has keys. */
  forceDkimAuthority: boolean;
  /** Signs with keys below the root domain. */
  forceRootDkimHost: boolean;
  /** Keys are published as CNAMEs to this server. */
  automaticSenderSecurity: boolean;
  encryptIncoming: boolean;
  /** The domain below which its keys are published. */
  dkimHost: string;
  /** The domain of its envelope senders. */
  mailfromHost: string;
  /** URL that gets a copy of each delivered message which names none itself. */
  archiveTo: string;
}

export type DomainChanges = Partial<DomainSettings>;

export interface DomainRecord extends DomainSettings {
  id: number;
  account: number;
  publicId: string;
  name: string;
  type: 'custom' | 'sandbox';
  state: 'active' | 'unverified' | 'disabled';
  createdAt: number;
}

export interface DkimKeyRecord {
  id: number;
  account: number;
  /** Id of the domain. */
  domain: number;
  selector: string;
  /** PKCS#8 PEM. Never leaves the server. */
  privateKey: string;
  kind: 'rsa' | 'ed25519';
  /** The `p=` of the DNS record, base64: SubjectPublicKeyInfo (RSA), or the 32 bytes (Ed25519). */
  publicKey: string;
  bits: number;
  /** Its owner wants mail to be signed with it. */
  active: boolean;
  /** DNS showed it when it was last looked at. */
  published: boolean;
  createdAt: number;
}

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
  /** Whom it was made for, in the words of whoever made it: nobody is looked up by them. */
  email?: string;
  userId?: string;
  userName?: string;
}

/** An MTA-STS policy that was fetched (RFC 8461): what a destination demands, the same for every account. */
export interface StsPolicyRecord {
  domain: string;
  /** Of the TXT record. */
  id: string;
  mode: 'enforce' | 'testing' | 'none';
  /** Patterns. */
  mx: readonly string[];
  /** ms since the epoch. */
  fetchedAt: number;
  expiresAt: number;
}

export interface DkimKeyFilter {
  domainName?: string;
  selector?: string;
  limit: number;
  /** Only keys with a larger id; the first page when neither is given. */
  after?: number;
  /** Only keys with a smaller id, the nearest ones. */
  before?: number;
}

export interface DomainFilter {
  limit: number;
  skip: number;
  state?: DomainRecord['state'];
  /** Part of the name. */
  search?: string;
  /** The whole name. */
  name?: string;
  /** `created`: the newest first. */
  sort: 'name:asc' | 'name:desc' | 'created';
}

export interface DirectoryStore extends TemplateStore, PoolStore {
  createAccount(account: Omit<AccountRecord, 'id'>): Promise<AccountRecord>;
  account(id: number): Promise<AccountRecord | undefined>;
  accountByPublicId(publicId: string): Promise<AccountRecord | undefined>;
  /** All of them, in order of their numbers. */
  listAccounts(): Promise<AccountRecord[]>;
  countAccounts(): Promise<number>;

  /** The domain, its first DKIM key and, when given, its first credential and where its mail leaves from, together or not at all. */
  createDomain(
    domain: Omit<DomainRecord, 'id'>,
    dkimKey: Omit<DkimKeyRecord, 'id' | 'domain'>,
    credential?: Omit<CredentialRecord, 'id' | 'domain'>,
    source?: PoolReplacement,
  ): Promise<DomainRecord>;
  domainByName(name: string): Promise<DomainRecord | undefined>;
  /** Of several names, the longest that is hosted. */
  longestDomainOf(names: readonly string[]): Promise<DomainRecord | undefined>;
  listDomains(account: number, filter: DomainFilter): Promise<Page<DomainRecord>>;
  setDomainState(account: number, id: number, state: DomainRecord['state']): Promise<boolean>;
  /** What is not named stays. False when the account has no such domain. */
  updateDomain(account: number, id: number, changes: DomainChanges): Promise<boolean>;
  /** With its credentials, DKIM keys, templates and sending keys. False when the account has no such domain. */
  deleteDomain(account: number, id: number): Promise<boolean>;

  dkimKeys(account: number, domain: number): Promise<DkimKeyRecord[]>;
  /** Of all domains of the account, by id. */
  listDkimKeys(account: number, filter: DkimKeyFilter): Promise<(DkimKeyRecord & { domainName: string })[]>;
  createDkimKey(key: Omit<DkimKeyRecord, 'id'>): Promise<DkimKeyRecord>;
  /** What is not named stays. False when the account has no such key. */
  updateDkimKey(account: number, id: number, changes: Partial<Pick<DkimKeyRecord, 'active' | 'published'>>): Promise<boolean>;
  deleteDkimKey(account: number, id: number): Promise<boolean>;

  createCredential(credential: Omit<CredentialRecord, 'id'>): Promise<CredentialRecord>;
  credentialByLogin(login: string): Promise<CredentialRecord | undefined>;
  listCredentials(account: number, domain: number, limit: number, skip: number): Promise<Page<CredentialRecord>>;
  setCredentialPassword(account: number, login: string, passwordHash: string): Promise<boolean>;
  deleteCredential(account: number, login: string): Promise<boolean>;
  /** How many were deleted. */
  deleteCredentials(account: number, domain: number): Promise<number>;

  /** `client`: an IPv4 address or an IPv6 /64 network that this login was used from with its right password, among the last twenty. */
  isLoginClient(login: string, client: string): Promise<boolean>;
  /** Nothing happens for a login that does not exist. */
  rememberLoginClient(login: string, client: string, at: number): Promise<void>;

  createKey(key: ApiKeyRecord): Promise<void>;
  keyById(id: string): Promise<ApiKeyRecord | undefined>;
  listKeys(account: number, filter: { domainName?: string; kind?: ApiKeyRecord['kind'] }): Promise<ApiKeyRecord[]>;
  /**
   * `last`: nothing was deleted, because this is the account's last admin key that is not bound to a domain, and has not expired at `now`; a key that
   * expires is no replacement for one that never does.
   */
  deleteKey(account: number, id: string, now: number): Promise<'deleted' | 'last' | 'unknown'>;

  /** Replaces the policy of that domain, and removes policies that had expired when this one was fetched. */
  saveStsPolicy(policy: StsPolicyRecord): Promise<void>;
  /** Those that hold longest, at most 10,000 and 16 million characters of patterns. */
  stsPolicies(): Promise<StsPolicyRecord[]>;
}
