/** Pools: sets of the server's addresses that an account gives a name, so that domains and messages can choose them together. */
import { badRequest, type Clock, notFound, randomHexId } from '#core';
import type { PoolRecord, PoolStore } from '#store';
import type { DomainFinder } from '../domains/domain-finder.js';
import type { OwnSendingIps, SourceReplacement } from './sending-ips.js';

const MAX_NAME = 255;
const MAX_DESCRIPTION = 2048;
const MAX_POOLS = 1000;

interface PoolChanges {
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

export interface PoolsDeps {
  store: PoolStore;
  clock: Clock;
  domains: Pick<DomainFinder, 'get'>;
  sendingIps: OwnSendingIps;
}

export function makePools({ store, clock, domains, sendingIps }: PoolsDeps): Pools {
  async function get(account: number, publicId: string): Promise<PoolRecord> {
    const pool = await store.pool(account, publicId);
    if (pool === undefined) throw notFound(`IP pool not found: ${publicId.slice(0, 64)}`);
    return pool;
  }

  /** By its public id, as Mailgun's clients do, or by its name. */
  const domainOf = async (account: number, idOrName: string) =>
    domains.get(account, (await store.domainNameOf(account, idOrName)) ?? idOrName);

  const known = (addresses: readonly string[]) => [...new Set(addresses.map(sendingIps.resolve))];

  async function setAddresses(pool: PoolRecord, addresses: readonly string[]): Promise<void> {
    if (addresses.length === 0 && pool.isLinked) throw badRequest('The IP pool has domains: it cannot be without an address');
    await store.updatePool(pool.account, pool.id, { addresses });
  }

  return {
    get,
    list: (account) => store.listPools(account),

    async create(account, { name, description, addresses }) {
      checkTexts({ name, description });
      if ((await store.listPools(account)).length >= MAX_POOLS) throw badRequest(`An account has at most ${MAX_POOLS} IP pools`);
      return store.createPool({ account, publicId: randomHexId(), name, description, createdAt: clock.now(), addresses: known(addresses) });
    },

    async update(account, publicId, { name, description, add, remove, link, unlink }) {
      const pool = await get(account, publicId);
      checkTexts({ name, description });
      const removed = known(remove);
      const addresses = [...new Set([...pool.addresses, ...known(add)])].filter((address) => !removed.includes(address));
      if (addresses.length === 0 && link.length > 0) throw badRequest('The IP pool has no addresses: it cannot be linked to a domain');
      // Looked up before anything is changed.
      const linked = await Promise.all(link.map((domain) => domainOf(account, domain)));
      const unlinked = await Promise.all(unlink.map((domain) => domainOf(account, domain)));
      if (name !== undefined || description !== undefined) await store.updatePool(account, pool.id, { name, description });
      for (const { id } of linked) await store.setDomainSource(account, id, { pool: pool.id });
      for (const { id } of unlinked) {
        const { pool: current } = await store.domainSource(account, id);
        if (current?.id === pool.id) await store.setDomainSource(account, id, {});
      }
      await setAddresses(await get(account, publicId), addresses);
    },

    async remove(account, publicId, replacement) {
      const pool = await get(account, publicId);
      if (replacement.pool === publicId) throw badRequest("'pool_id' is the IP pool that is to be deleted");
      const isNamed = replacement.pool !== undefined || replacement.address !== undefined;
      if (pool.isLinked && !isNamed) throw badRequest("The IP pool has domains: 'ip' or 'pool_id' must say what takes its place");
      await store.deletePool(account, pool.id, await sendingIps.readReplacement(account, replacement));
    },

    async addAddresses(account, publicId, addresses) {
      const pool = await get(account, publicId);
      await setAddresses(pool, [...new Set([...pool.addresses, ...known(addresses)])]);
    },

    async removeAddress(account, publicId, address) {
      const pool = await get(account, publicId);
      // One that the server no longer has can still be taken out.
      const left = pool.addresses.filter((other) => other !== address && other !== sendingIps.canonical(address));
      if (left.length === pool.addresses.length) throw notFound(`IP not found: ${address.slice(0, 64)}`);
      await setAddresses(pool, left);
    },

    async domains(account, publicId, limit, after) {
      const pool = await get(account, publicId);
      return store.listPoolDomains(account, pool.id, limit, after);
    },
  };
}

function checkTexts({ name, description }: { name?: string | undefined; description?: string | undefined }): void {
  if (name !== undefined && name.length > MAX_NAME) throw badRequest(`'name' is longer than ${MAX_NAME} characters`);
  if (description !== undefined && description.length > MAX_DESCRIPTION)
    throw badRequest(`'description' is longer than ${MAX_DESCRIPTION} characters`);
}
