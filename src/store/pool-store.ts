/**
 * Which of the server's addresses accounts use: pools, and the addresses that the mail of each domain leaves from. Every method names the account.
 */
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
  /** At least one domain uses it. */
  isLinked: boolean;
}

/** If both are empty, mail leaves from any address. A domain with a pool has no addresses of its own. */
export interface DomainSource {
  pool?: PoolRecord;
  addresses: string[];
}

/** What replaces a pool: another pool, or addresses; nothing if neither is given. */
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
  /** Replaces the source that the domain had. */
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
  /** Removes the address from the own addresses of every domain. The domains that had it get `alternative` instead. */
  replaceDomainAddress(account: number, address: string, alternative: string | undefined): Promise<void>;
}
