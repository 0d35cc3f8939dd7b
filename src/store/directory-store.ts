/**
 * What customers have configured, and a few small things that are stored with it. Each method is one atomic unit and, when it writes, durable on
 * resolve. Every method names the account, except the look-ups that find out who is calling (by key id, by login, by domain name). Names
 * (`domain.name`, `credential.login`) arrive normalised: lower-case ASCII domains. Throws StoreError: `conflict` when a unique name is taken,
 * `full`, `failed`, `closed`.
 */
import type { AccessStore } from './access-store.js';
import type { ChangeFeed } from './changes.js';
import type { DomainStore } from './domain-store.js';
import type { PoolStore } from './pool-store.js';
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

/** An MTA-STS policy that was fetched (RFC 8461): what a destination demands, the same for every account. */
export interface StsPolicyRecord {
  domain: string;
  /** Id in the TXT record. */
  id: string;
  mode: 'enforce' | 'testing' | 'none';
  /** Patterns of host names. */
  mx: readonly string[];
  /** ms since the epoch. */
  fetchedAt: number;
  expiresAt: number;
}

export interface DirectoryStore extends AccessStore, DomainStore, PoolStore, TemplateStore {
  /** Tells of changes of the directory, for everybody who keeps a copy of what they have read. */
  changes: ChangeFeed;

  createAccount(account: Omit<AccountRecord, 'id'>): Promise<AccountRecord>;
  account(id: number): Promise<AccountRecord | undefined>;
  accountByPublicId(publicId: string): Promise<AccountRecord | undefined>;
  /** All accounts, in order of their numbers. */
  listAccounts(): Promise<AccountRecord[]>;
  countAccounts(): Promise<number>;

  /** Replaces the policy of that domain, and removes policies that had expired when this one was fetched. */
  saveStsPolicy(policy: StsPolicyRecord): Promise<void>;
  /** The policies that are valid for the longest time, at most 10,000 and 16 million characters of patterns. */
  stsPolicies(): Promise<StsPolicyRecord[]>;
}
