/**
 * Domains and the DKIM keys that sign their mail. Each method is one atomic unit and names the account, except the look-ups by name, which find out
 * whose a domain is. Names arrive normalised: lower-case ASCII.
 */
import type { CredentialRecord } from './access-store.js';
import type { Page } from './page.js';
import type { PoolReplacement } from './pool-store.js';

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

export interface DomainStore {
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
}
