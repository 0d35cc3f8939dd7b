/** The IPs that this server sends from, and which of them a message may leave from: those that it asks for, else those of its domain. */
import { isIPv6 } from 'node:net';
import { badRequest, type Clock, MINUTE, notFound, type SendOptions } from '#core';
import { type Dns, pointerName } from '#net';
import type { DirectoryStore, DomainRecord, DomainSource, Page, PoolRecord, PoolReplacement, PoolStore } from '#store';
import { makeRemembered } from '../cache/remembered.js';
import type { DomainFinder } from '../domains/domain-finder.js';

type SourceOptions = Pick<SendOptions, 'sendingIp' | 'sendingIpPool'>;

/** One source of the configuration. */
export interface SendingIpPair {
  ipv4?: string;
  ipv6?: string;
}

/** Another pool by its public id, or an address; `shared` or neither: any address. */
export interface SourceReplacement {
  pool?: string;
  address?: string;
}

export interface SendingIps {
  /** What this server sends from, an address each; empty when the system chooses. */
  readonly names: readonly string[];
  /** The name of the source that has the address. Refusal 404 when none has. */
  resolve(address: string): string;
  /** The name of the source that has the address; the address itself when no source has it any more. */
  canonical(address: string): string;
  /** What DNS calls the address; undefined when it has no name or DNS does not answer. */
  reverseName(address: string): Promise<string | undefined>;
  /**
   * Lists of addresses that a message may leave from, in the order in which they count: its own, then those of its domain. A later list counts only
   * where the server has no address of the earlier ones. An empty list: any address.
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

export interface SendingIpsDeps {
  store: PoolStore & Pick<DirectoryStore, 'changes'>;
  clock: Clock;
  domains: Pick<DomainFinder, 'get'>;
  dns: Dns;
  /** Of the configuration; empty when the system chooses. */
  addresses: readonly SendingIpPair[];
}

export type OwnSendingIps = SendingIps & {
  /** The replacement in the form that the store takes. Refusal 404, 400. */
  readReplacement(account: number, source: SourceReplacement): Promise<PoolReplacement>;
  /** What a domain that is being made sends from, in the form that the store takes; undefined: any address. Refusal 400 that names the parameter. */
  ofNewDomain(account: number, domain: { addresses?: readonly string[]; pool?: string }): Promise<PoolReplacement | undefined>;
};

export function makeSendingIps({ store, clock, domains, dns, addresses }: SendingIpsDeps): OwnSendingIps {
  const known = new Map(addresses.flatMap((source) => [source.ipv4, source.ipv6].map((address) => [address, source] as const)));
  known.delete(undefined);
  /** Lists of addresses by domain and by pool: asked for every message. */
  const remembered = makeRemembered<readonly string[]>({
    ...{ clock, changes: store.changes, forgetOn: { pool: 'all', domainSource: 'all' }, maxEntries: 10_000, lifetimeMs: MINUTE },
  });

  const ofDomain = ({ account, id }: DomainRecord) =>
    remembered.get(`domain ${id}`, async () => {
      const { pool, addresses: own } = await store.domainSource(account, id);
      return pool?.addresses ?? own;
    });
  const ofPool = (account: number, publicId: string) =>
    remembered.get(`pool ${account} ${publicId}`, async () => (await store.pool(account, publicId))?.addresses ?? []);

  /** The name of its source when it has one, so that both addresses of a pair mean the same. */
  function canonical(address: string): string {
    const plain = canonicalAddress(address);
    const { ipv4, ipv6 } = known.get(plain) ?? {};
    return ipv4 ?? ipv6 ?? plain;
  }

  function resolve(address: string): string {
    if (!known.has(canonicalAddress(address))) throw notFound(`IP not found: ${address.slice(0, 64)}`);
    return canonical(address);
  }

  async function change(account: number, domain: DomainRecord, source: SourceReplacement): Promise<void> {
    await store.setDomainSource(account, domain.id, await readReplacement(account, source));
  }

  async function readReplacement(account: number, { pool: publicId, address }: SourceReplacement) {
    if (publicId !== undefined) {
      const pool = await store.pool(account, publicId);
      if (pool === undefined) throw notFound(`IP pool not found: ${publicId.slice(0, 64)}`);
      if (pool.addresses.length === 0) throw badRequest(`IP pool ${publicId} has no addresses`);
      return { pool: pool.id };
    }
    return address === undefined || address === 'shared' ? {} : { addresses: [resolve(address)] };
  }

  /** Refusal 400 that names the parameter. */
  async function usablePool(account: number, parameter: string, publicId: string): Promise<PoolRecord> {
    const pool = await store.pool(account, publicId);
    if (pool === undefined) throw badRequest(`${parameter}: the account has no pool ${publicId.slice(0, 64)}`);
    if (pool.addresses.length === 0) throw badRequest(`${parameter}: the pool ${publicId} has no addresses`);
    return pool;
  }

  /** A domain's own addresses are changed only while it has no pool. */
  async function changeOwn(account: number, name: string, to: (own: string[]) => string[]): Promise<void> {
    const domain = await domains.get(account, name);
    const { pool, addresses: own } = await store.domainSource(account, domain.id);
    if (pool !== undefined) throw badRequest(`The domain has the IP pool ${pool.publicId}; unlink it before changing its IPs`);
    await store.setDomainSource(account, domain.id, { addresses: to(own) });
  }

  return {
    names: addresses.flatMap(({ ipv4, ipv6 }) => ipv4 ?? ipv6 ?? []),
    resolve,
    canonical,
    async reverseName(address) {
      const answer = await dns.query(pointerName(address), 'PTR');
      return answer.kind === 'records' ? answer.records[0] : undefined;
    },
    readReplacement,
    async ofNewDomain(account, { addresses: wanted = [], pool }) {
      if (pool !== undefined && wanted.length > 0) throw badRequest("'ips' and 'pool_id' cannot be given together");
      if (pool !== undefined) return { pool: (await usablePool(account, 'pool_id', pool)).id };
      const unknown = wanted.find((address) => !known.has(canonicalAddress(address)));
      if (unknown !== undefined) throw badRequest(`ips: ${unknown.slice(0, 64)} is not an address that this server sends from`);
      return wanted.length === 0 ? undefined : { addresses: [...new Set(wanted.map(canonical))] };
    },

    async wanted(domain, { sendingIp, sendingIpPool }) {
      const lists: (readonly string[])[] = [];
      if (sendingIp !== undefined) lists.push([canonicalAddress(sendingIp)]);
      if (domain === undefined) return lists;
      if (sendingIpPool !== undefined) lists.push(await ofPool(domain.account, sendingIpPool));
      lists.push(await ofDomain(domain));
      return lists;
    },

    async check(account, { sendingIp, sendingIpPool }) {
      if (sendingIp !== undefined && !known.has(canonicalAddress(sendingIp))) {
        throw badRequest(`o:sending-ip: ${sendingIp.slice(0, 64)} is not an address that this server sends from`);
      }
      if (sendingIpPool !== undefined) await usablePool(account, 'o:sending-ip-pool', sendingIpPool);
    },

    async ofDomain(account, name) {
      const domain = await domains.get(account, name);
      return store.domainSource(account, domain.id);
    },

    async give(account, name, source) {
      if (source.pool !== undefined) return change(account, await domains.get(account, name), source);
      await domains.get(account, name);
      if (source.address === undefined) throw badRequest("Parameter 'ip' or 'pool_id' is missing");
      const address = resolve(source.address);
      await changeOwn(account, name, (own) => [...new Set([...own, address])]);
    },

    async take(account, name, what, replacement) {
      const domain = await domains.get(account, name);
      if (what === 'all') return change(account, domain, {});
      if (what === 'ip_pool') {
        if ((await store.domainSource(account, domain.id)).pool === undefined) throw badRequest('The domain has no IP pool');
        return change(account, domain, replacement);
      }
      const address = canonical(what);
      await changeOwn(account, name, (own) => {
        if (!own.includes(address)) throw notFound(`IP not found: ${what.slice(0, 64)}`);
        return own.filter((other) => other !== address);
      });
    },

    domainsWith: (account, address, page) => store.listAddressDomains(account, resolve(address), page),

    async giveToAll(account, address) {
      await store.addDomainAddress(account, resolve(address));
    },

    async takeFromAll(account, address, alternative) {
      await store.replaceDomainAddress(account, resolve(address), alternative === undefined ? undefined : resolve(alternative));
    },
  };
}

/** As the configuration shows it (RFC 5952). */
function canonicalAddress(address: string): string {
  return isIPv6(address) && !address.includes('%') ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
}
