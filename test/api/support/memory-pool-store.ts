/** Pools and sources of domains in memory, as the store keeps them. */
import type { DomainRecord, PoolRecord, PoolStore } from '#store';

export function makeMemoryPoolStore(domainsOf: (account: number) => DomainRecord[]): PoolStore {
  let pools: PoolRecord[] = [];
  /** By domain: its pool, or addresses of its own. */
  const sources = new Map<number, { pool?: number; addresses: string[] }>();
  let nextId = 1;

  const isLinked = (id: number) => [...sources.values()].some(({ pool }) => pool === id);
  const view = (pool: PoolRecord): PoolRecord => ({ ...pool, addresses: [...pool.addresses].sort(), isLinked: isLinked(pool.id) });
  const own = (account: number, id: number) => pools.find((pool) => pool.account === account && pool.id === id);
  const set: PoolStore['setDomainSource'] = async (_account, domain, { pool, addresses = [] }) => {
    sources.set(domain, pool === undefined ? { addresses: [...addresses] } : { pool, addresses: [] });
  };
  const addressesOf = (domain: number): string[] => {
    const { pool, addresses = [] } = sources.get(domain) ?? {};
    return pools.find(({ id }) => id === pool)?.addresses ?? addresses;
  };

  return {
    setDomainSource: set,
    async createPool(pool) {
      const record = { ...pool, id: nextId++, isLinked: false };
      pools.push(record);
      return view(record);
    },
    async pool(account, publicId) {
      const found = pools.find((pool) => pool.account === account && pool.publicId === publicId);
      return found && view(found);
    },
    listPools: async (account) => pools.filter((pool) => pool.account === account).map(view),
    async updatePool(account, id, { name, description, addresses }) {
      const pool = own(account, id);
      if (pool === undefined) return false;
      pool.name = name ?? pool.name;
      pool.description = description ?? pool.description;
      pool.addresses = [...(addresses ?? pool.addresses)];
      return true;
    },
    async deletePool(account, id, replacement) {
      for (const [domain, { pool }] of sources) if (pool === id) await set(account, domain, replacement);
      const before = pools.length;
      pools = pools.filter((pool) => pool.account !== account || pool.id !== id);
      return pools.length < before;
    },
    domainNameOf: async (account, publicId) => domainsOf(account).find((domain) => domain.publicId === publicId)?.name,
    async domainSource(account, domain) {
      const { pool, addresses = [] } = sources.get(domain) ?? {};
      const found = pool === undefined ? undefined : own(account, pool);
      return found === undefined ? { addresses } : { pool: view(found), addresses: [] };
    },
    listPoolDomains: async (account, pool, limit, after) =>
      domainsOf(account)
        .filter(({ id }) => id > after && sources.get(id)?.pool === pool)
        .slice(0, limit)
        .map(({ id, publicId, name }) => ({ row: id, publicId, name })),
    async listAddressDomains(account, address, { limit, skip, search = '' }) {
      const found = domainsOf(account).filter(({ id, name }) => addressesOf(id).includes(address) && name.includes(search));
      return {
        total: found.length,
        items: found.slice(skip, skip + limit).map(({ id, name }) => ({ domain: name, addresses: addressesOf(id) })),
      };
    },
    async addDomainAddress(account, address) {
      for (const { id } of domainsOf(account)) {
        const { pool, addresses = [] } = sources.get(id) ?? {};
        if (pool === undefined) sources.set(id, { addresses: [...new Set([...addresses, address])] });
      }
    },
    async replaceDomainAddress(account, address, alternative) {
      for (const { id } of domainsOf(account)) {
        const source = sources.get(id);
        if (!source?.addresses.includes(address)) continue;
        const left = source.addresses.filter((other) => other !== address);
        sources.set(id, { addresses: alternative === undefined ? left : [...new Set([...left, alternative])] });
      }
    },
  };
}
