/**
 * Domains and the DKIM keys that sign their mail. Each method is one atomic unit and names the account, except the look-ups by name, which find out
 * whose a domain is. Names arrive normalised: lower-case ASCII.
 */
import type { CredentialRecord } from './access-store.js';
import type { Page } from './page.js';
import type { PoolReplacement } from './pool-store.js';

/** The settings of a domain that its owner may change. A text is `''` if it is not set. */
export interface DomainSettings {
  requireTls: boolean;
  skipVerification: boolean;
  webScheme: 'http' | 'https';
  webPrefix: string;
  /** How long messages are kept after their last delivery has ended, s. */
  messageTtl: number;
  /** What is done with incoming spam. */
  spamAction: 'disabled' | 'tag' | 'block';
  /** The domain also receives mail for its subdomains. */
  wildcard: boolean;
  /** The domain signs with keys of its own name, even if a parent domain has keys. */
  forceDkimAuthority: boolean;
  /** The domain signs with keys that are published below its root domain. */
  forceRootDkimHost: boolean;
  /** Keys are published as CNAMEs to this server. */
  automaticSenderSecurity: boolean;
  encryptIncoming: boolean;
  /** The domain below which its keys are published. */
  dkimHost: string;
  /** The domain of its envelope senders. */
  mailfromHost: string;
  /** URL that gets a copy of each delivered message, unless the message names another URL. */
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
  /** The owner wants mail to be signed with this key. */
  active: boolean;
  /** DNS had this key when it was last looked up. */
  published: boolean;
  createdAt: number;
}

export interface DkimKeyFilter {
  domainName?: string;
  selector?: string;
  limit: number;
  /** Only keys with a larger id. Without `after` and `before`, the first page. */
  after?: number;
  /** Only keys with a smaller id, those nearest to it. */
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

export interface DomainStore {
  /**
   * Creates the domain, its first DKIM key and, if given, its first credential and the addresses that its mail leaves from. All are created or none.
   */
  createDomain(
    domain: Omit<DomainRecord, 'id'>,
    dkimKey: Omit<DkimKeyRecord, 'id' | 'domain'>,
    credential?: Omit<CredentialRecord, 'id' | 'domain'>,
    source?: PoolReplacement,
  ): Promise<DomainRecord>;
  domainByName(name: string): Promise<DomainRecord | undefined>;
  /** The longest of these names that is a hosted domain. */
  longestDomainOf(names: readonly string[]): Promise<DomainRecord | undefined>;
  listDomains(account: number, filter: DomainFilter): Promise<Page<DomainRecord>>;
  setDomainState(account: number, id: number, state: DomainRecord['state']): Promise<boolean>;
  /** Settings that are not named stay as they are. False if the account has no such domain. */
  updateDomain(account: number, id: number, changes: DomainChanges): Promise<boolean>;
  /** Deletes the domain with its credentials, DKIM keys, templates and sending keys. False if the account has no such domain. */
  deleteDomain(account: number, id: number): Promise<boolean>;

  dkimKeys(account: number, domain: number): Promise<DkimKeyRecord[]>;
  /** The keys of all domains of the account, by id. */
  listDkimKeys(account: number, filter: DkimKeyFilter): Promise<(DkimKeyRecord & { domainName: string })[]>;
  createDkimKey(key: Omit<DkimKeyRecord, 'id'>): Promise<DkimKeyRecord>;
  /** Fields that are not named stay as they are. False if the account has no such key. */
  updateDkimKey(account: number, id: number, changes: Partial<Pick<DkimKeyRecord, 'active' | 'published'>>): Promise<boolean>;
  deleteDkimKey(account: number, id: number): Promise<boolean>;
}
