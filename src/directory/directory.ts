/**
 * What the folder gives: one object, a property per noun. Every method that belongs to a customer names the account; what the account
 * does not own is answered exactly like what does not exist (Refusal 404). Reads on the mail path are cached; this process is the only writer.
 */
import type { KeyObject } from 'node:crypto';
import type { SendOptions } from '#core';
import type { Template } from '#mail';
import type {
  AccountRecord,
  ApiKeyRecord,
  CredentialRecord,
  DkimKeyFilter,
  DkimKeyRecord,
  DomainChanges,
  DomainFilter,
  DomainRecord,
  DomainSource,
  KeyRole,
  NamePage,
  Page,
  PoolRecord,
  TemplateRecord,
  TemplateVersionRecord,
  TemplateVersionSummary,
} from '#store';

export interface NewDomain extends DomainChanges {
  name: string;
  type?: DomainRecord['type'];
  /** Makes the login `postmaster@NAME`, as Mailgun does. 5 to 32 characters. */
  smtpPassword?: string;
  /** RSA bits; 2048 unless given. */
  dkimKeySize?: 1024 | 2048 | 4096;
  dkimSelector?: string;
  /** What its mail leaves from: addresses of the server, or a pool by its public id. Any address unless given. */
  addresses?: readonly string[];
  pool?: string;
}

/** One record a customer publishes, with what DNS said when it was last looked up. */
export interface DnsRecord {
  recordType: 'TXT' | 'MX' | 'CNAME';
  /** Absent on MX records, as in Mailgun's answers. */
  name?: string;
  /** A number as text, on MX only. */
  priority?: string;
  value: string;
  valid: 'valid' | 'invalid' | 'unknown';
  /** What DNS answered. */
  cached: string[];
  /** Why DNS could not be asked, when it could not: says nothing of the record. */
  lookupError?: string;
}

export interface DomainDns {
  sending: DnsRecord[];
  receiving: DnsRecord[];
}

/** What signs mail of a domain. The key object is parsed once. */
export interface SigningKey {
  domain: string;
  selector: string;
  privateKey: KeyObject;
}

export type SecondaryDkim = Pick<SendOptions, 'secondaryDkim' | 'secondaryDkimPublic'>;

export interface NewDkimKey {
  domainName: string;
  selector: string;
  /** `rsa` unless given. */
  kind?: DkimKeyRecord['kind'];
  /** Of an RSA key that is made here; 2048 unless given. */
  bits?: number;
  /** An existing private key in PEM, instead of a new one. */
  pem?: string;
}

export interface DkimKeys {
  /** Inactive at first: nobody could verify what it signs before its record is published. Refusal 400, 404. */
  create(account: number, key: NewDkimKey): Promise<DkimKeyRecord & { domainName: string }>;
  list(account: number, filter: DkimKeyFilter): Promise<(DkimKeyRecord & { domainName: string })[]>;
  of(domain: DomainRecord): Promise<DkimKeyRecord[]>;
  /** While DNS does not show it, it signs only when it shows no other active key of its kind either. Refusal 404 `domain key not found`; 400 when three of its kind are active already. */
  activate(account: number, domain: string, selector: string): Promise<DkimKeyRecord>;
  /** Refusal 404; 400 for the last active key of a domain, or the last of those that DNS shows. */
  deactivate(account: number, domain: string, selector: string): Promise<DkimKeyRecord>;
  /** Refusal 404; 400 as for `deactivate`. */
  remove(account: number, domain: string, selector: string): Promise<void>;
  /** True when the account has this key and it is active. */
  isActive(account: number, name: { domain: string; selector: string }): Promise<boolean>;
}

export interface Domains {
  /** Refusal 400 for a bad name or option, a name that is taken, or one below another account's domain that DNS does not show to be the caller's. */
  create(account: number, domain: NewDomain): Promise<DomainRecord>;
  /** Whoever owns it; for the mail path. The name is normalised. */
  find(name: string): Promise<DomainRecord | undefined>;
  /** The hosted domain that is nearest above this name, the name itself included, whoever owns it. */
  nearest(name: string): Promise<DomainRecord | undefined>;
  /** Refusal 404 `Domain not found: NAME`. */
  get(account: number, name: string): Promise<DomainRecord>;
  list(account: number, filter: DomainFilter): Promise<Page<DomainRecord>>;
  /** What is not named stays. Counts for mail that is accepted from now on. Refusal 400 for a bad prefix or time, 404. */
  update(account: number, name: string, changes: DomainChanges): Promise<DomainRecord>;
  remove(account: number, name: string): Promise<void>;
  /** The domains of these accounts with settings that are kept and have no effect yet. */
  idle(accounts: readonly number[]): Promise<{ domain: string; settings: string[] }[]>;
  /** The records to publish, as last verified (`unknown` before the first check). */
  dns(domain: DomainRecord): Promise<DomainDns>;
  /** Looks the records up now; the domain becomes active when SPF and DKIM are there. */
  verify(account: number, name: string): Promise<{ domain: DomainRecord; dns: DomainDns }>;
  /**
   * The keys that sign a message of the domain together, the primary one first: of its active RSA keys and of its active Ed25519 keys one each, by
   * turns from message to message, then the secondary key. A secondary key that is no longer active is left out; its alias is used only while
   * DNS shows the same key under it. Empty when the domain has no active key.
   */
  signingKeys(domain: DomainRecord, message: { message: number } & SecondaryDkim): Promise<SigningKey[]>;
}

export interface Credentials {
  /** `login` is bare (`alice`) or full. Makes a password when none is given and returns it once. Refusal 400. */
  create(account: number, domain: string, login: string, password?: string): Promise<{ credential: CredentialRecord; password?: string }>;
  list(account: number, domain: string, limit: number, skip: number): Promise<Page<CredentialRecord>>;
  /** Refusal 400, 404 `Credentials not found`. */
  changePassword(account: number, domain: string, login: string, password: string): Promise<void>;
  /** The same, and makes the login when there is none. */
  setPassword(account: number, domain: string, login: string, password: string): Promise<void>;
  /** Gives the full login. Refusal 404 `Credentials not found`; 400 for postmaster, which goes with its domain. */
  remove(account: number, domain: string, login: string): Promise<string>;
  removeAll(account: number, domain: string): Promise<number>;
  /** Who logs in; undefined for an unknown login, a wrong password or a disabled domain, after the same time. */
  verify(login: string, password: string): Promise<{ credential: CredentialRecord; domain: DomainRecord } | undefined>;
  /** True where the login was used from this client (an IPv4 address or an IPv6 /64 network) with its right password before, also before a restart. */
  knowsClient(login: string, client: string): Promise<boolean>;
  rememberClient(login: string, client: string): Promise<void>;
  /** For who logged in a while ago: false once the credential was removed or got another password. */
  isCurrent(credential: CredentialRecord): Promise<boolean>;
}

export interface NewKey {
  role: KeyRole;
  kind?: ApiKeyRecord['kind'];
  description?: string;
  /** Required for role `sending`: the only domain it may send as. */
  domainName?: string;
  /** s from now. */
  expiresIn?: number;
  /** Whom it is for: kept and shown, and never looked up. At most 255 characters each. */
  email?: string;
  userId?: string;
  userName?: string;
}

export interface Keys {
  /** The secret is returned here and never again. Refusal 400, 404. */
  create(account: number, key: NewKey): Promise<{ key: ApiKeyRecord; secret: string }>;
  list(account: number, filter: { domainName?: string; kind?: ApiKeyRecord['kind'] }): Promise<ApiKeyRecord[]>;
  /** Refusal 404; 400 for the last admin key, without which nobody could make another. */
  remove(account: number, id: string): Promise<void>;
  /** The key of this secret, if it is known and has not expired. */
  verify(secret: string): Promise<ApiKeyRecord | undefined>;
}

export interface Accounts {
  create(name: string): Promise<AccountRecord>;
  get(id: number): Promise<AccountRecord>;
  /** For events; mail of an account that the directory does not know (restored from an older copy) goes on. Rejects with StoreError only. */
  publicId(id: number): Promise<string>;
  /** By what customers see of its number. */
  find(publicId: string): Promise<AccountRecord>;
  /** All of them, in order of their numbers. */
  list(): Promise<AccountRecord[]>;
  count(): Promise<number>;
}

export type SourceOptions = Pick<SendOptions, 'sendingIp' | 'sendingIpPool'>;

/** One source of the configuration. */
export interface SourceAddresses {
  ipv4?: string;
  ipv6?: string;
}

/** Another pool by its public id, or an address; `shared` or neither: any address. */
export interface SourceReplacement {
  pool?: string;
  address?: string;
}

export interface Sources {
  /** What this server sends from, an address each; empty when the system chooses. */
  readonly names: readonly string[];
  /** The name of the source that has the address. Refusal 404 when none has. */
  resolve(address: string): string;
  /** The same for an address that no source has any more: the address itself. */
  canonical(address: string): string;
  /** What DNS calls the address; undefined when it has no name or DNS does not answer. */
  reverseName(address: string): Promise<string | undefined>;
  /**
   * The addresses that mail may leave from, the list that counts first: of the message, of its domain. Later ones are for when the server has none of
   * the addresses of an earlier one; empty: any.
   */
  wanted(domain: DomainRecord | undefined, options: SourceOptions): Promise<readonly (readonly string[])[]>;
  /** For intake. Refusal 400 that names the parameter when the account has no such address or pool. */
  check(account: number, options: SourceOptions): Promise<void>;
  /** Refusal 404. */
  ofDomain(account: number, domain: string): Promise<DomainSource>;
  /** Adds an address to those of the domain, or gives it a pool instead of them. Refusal 404; 400 for an address while it has a pool. */
  give(account: number, domain: string, source: SourceReplacement): Promise<void>;
  /** Takes an address from the domain, or `all` it has, or its pool (`ip_pool`), which is replaced. Refusal 404, 400. */
  take(account: number, domain: string, what: string, replacement: SourceReplacement): Promise<void>;
  domainsWith(
    account: number,
    address: string,
    page: { limit: number; skip: number; search?: string },
  ): Promise<Page<{ domain: string; addresses: string[] }>>;
  /** Every domain without a pool. */
  giveToAll(account: number, address: string): Promise<void>;
  takeFromAll(account: number, address: string, alternative: string | undefined): Promise<void>;
}

export interface PoolChanges {
  name?: string;
  description?: string;
  /** Addresses. */
  add: readonly string[];
  remove: readonly string[];
  /** Domains by public id or name. */
  link: readonly string[];
  unlink: readonly string[];
}

/** Pools are named by their public id. Every method answers Refusal 404 for a pool, domain or address that the account does not have. */
export interface Pools {
  list(account: number): Promise<PoolRecord[]>;
  get(account: number, id: string): Promise<PoolRecord>;
  create(account: number, pool: { name: string; description: string; addresses: readonly string[] }): Promise<PoolRecord>;
  /** Refusal 400 when domains would be left with a pool without addresses. */
  update(account: number, id: string, changes: PoolChanges): Promise<void>;
  /** Its domains get the replacement, which must be named when there are any (Refusal 400). */
  remove(account: number, id: string, replacement: SourceReplacement): Promise<void>;
  addAddresses(account: number, id: string, addresses: readonly string[]): Promise<void>;
  removeAddress(account: number, id: string, address: string): Promise<void>;
  /** A page of its domains, in order, after the row id `after`. */
  domains(account: number, id: string, limit: number, after: number): Promise<{ row: number; publicId: string; name: string }[]>;
}

export interface NewTemplateVersion {
  /** Handlebars. */
  source: string;
  tag?: string;
  engine?: string;
  comment?: string;
  /** By name; their values are looked at here. */
  headers?: Record<string, unknown>;
  active?: boolean;
}

export interface NewTemplate {
  name: string;
  description?: string;
  createdBy?: string;
  /** Its tag is `initial` unless given. */
  version?: NewTemplateVersion;
}

export type TemplateVersionUpdate = Partial<Pick<NewTemplateVersion, 'source' | 'comment' | 'headers' | 'active'>>;

/** A version compiled for sending. */
export interface ReadyTemplate {
  name: string;
  tag: string;
  source: string;
  html: Template;
  headers: { name: string; source: string; template: Template }[];
}

export type TemplateWithVersion = { template: TemplateRecord; version: TemplateVersionRecord };

/** `domain` is a domain's name. Refusal 404 when the account has no such domain, template or version; 400 for what may not be stored. */
export interface Templates {
  /** Refusal 404 `domain not found`. */
  domain(account: number, name: string): Promise<DomainRecord>;
  create(account: number, domain: string, wanted: NewTemplate): Promise<{ template: TemplateRecord; version?: TemplateVersionRecord }>;
  list(account: number, domain: string, page: NamePage): Promise<TemplateRecord[]>;
  get(account: number, domain: string, name: string): Promise<TemplateRecord>;
  /** Of a template without active version only the template. */
  active(account: number, domain: string, name: string): Promise<{ template: TemplateRecord; version?: TemplateVersionRecord }>;
  update(account: number, domain: string, name: string, description: string): Promise<TemplateRecord>;
  remove(account: number, domain: string, name: string): Promise<TemplateRecord>;
  removeAll(account: number, domain: string): Promise<number>;

  versions(
    account: number,
    domain: string,
    name: string,
    page: NamePage,
  ): Promise<{ template: TemplateRecord; versions: TemplateVersionSummary[] }>;
  version(account: number, domain: string, name: string, tag: string): Promise<TemplateWithVersion>;
  createVersion(account: number, domain: string, name: string, wanted: NewTemplateVersion & { tag: string }): Promise<TemplateWithVersion>;
  /** The active version stays so until another one becomes it. */
  updateVersion(account: number, domain: string, name: string, tag: string, changes: TemplateVersionUpdate): Promise<TemplateWithVersion>;
  /** Overwrites a version that is called `to` already. */
  copyVersion(account: number, domain: string, name: string, tag: string, to: string, comment?: string): Promise<TemplateWithVersion>;
  /** When it was the active one, the template has none until another becomes it. */
  removeVersion(account: number, domain: string, name: string, tag: string): Promise<TemplateWithVersion>;

  /** The active version unless a tag is given. Refusal 400 that names the template, because a message asked for it. */
  ready(domain: DomainRecord, name: string, tag?: string): Promise<ReadyTemplate>;
}

export interface Directory {
  accounts: Accounts;
  domains: Domains;
  dkimKeys: DkimKeys;
  credentials: Credentials;
  keys: Keys;
  templates: Templates;
  sources: Sources;
  pools: Pools;
}
