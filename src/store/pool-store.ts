/** What accounts chose of the server's addresses: pools, and where the mail of each domain leaves from. Every method names the account. */
import type { Page } from './page.js';

export interface PoolRecord {
  id: number;
  account: number;
  publicId: string;
  name: string;
  description: string;
  createdAt: number;
  /** Sorted. */
  addresses: string[];
  /** A domain has it. */
  isLinked: boolean;
}

/** Both empty: any address. With a pool there are no addresses of the domain's own. */
export interface DomainSource {
  pool?: PoolRecord;
  addresses: string[];
}

/** What takes the place of a pool: another one, or addresses; neither: nothing. */
export interface PoolReplacement {
  pool?: number;
  addresses?: readonly string[];
}

export interface PoolStore {
  createPool(pool: Omit<PoolRecord, 'id' | 'isLinked'>): Promise<PoolRecord>;
  pool(account: number, publicId: string): Promise<PoolRecord | undefined>;
  listPools(account: number): Promise<PoolRecord[]>;
  /** False when the account has no such pool. */
  updatePool(
    account: number,
    id: number,
    changes: { name?: string; description?: string; addresses?: readonly string[] },
  ): Promise<boolean>;
  /** Its domains get the replacement. False when the account has no such pool. */
  deletePool(account: number, id: number, replacement: PoolReplacement): Promise<boolean>;

  /** Name of the domain with this public id. */
  domainNameOf(account: number, publicId: string): Promise<string | undefined>;
  domainSource(account: number, domain: number): Promise<DomainSource>;
  /** Instead of what it had. */
  setDomainSource(account: number, domain: number, source: PoolReplacement): Promise<void>;
  /** Domains with the pool, by row id, after `after`. */
  listPoolDomains(account: number, pool: number, limit: number, after: number): Promise<{ row: number; publicId: string; name: string }[]>;
  /** Domains whose own addresses or whose pool hold the address, by row id; `search` is part of the name. */
  listAddressDomains(
    account: number,
    address: string,
    page: { limit: number; skip: number; search?: string },
  ): Promise<Page<{ domain: string; addresses: string[] }>>;
  /** Gives the address to every domain without a pool. */
  addDomainAddress(account: number, address: string): Promise<void>;
  /** Takes it from every domain's own addresses; those that had it get the other one. */
  replaceDomainAddress(account: number, address: string, alternative: string | undefined): Promise<void>;
}
