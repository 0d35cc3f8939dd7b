/** DKIM keys of domains: made or imported, switched on and off, removed, and chosen for a message (manual page "DKIM security"). */
import { createPrivateKey } from 'node:crypto';
import { badRequest, type Clock, MINUTE, notFound, parseDomain, StoreError } from '#core';
import { generateDkimKey, publicKeyOfRecord, readDkimKey } from '#mail';
import type { Dns } from '#net';
import type { DirectoryStore, DkimKeyRecord, DomainRecord } from '#store';
import type { DkimKeys, Domains, NewDkimKey, SigningKey } from './directory.js';
import { makeKeyTurns } from './key-turns.js';
import { makeRecent } from './recent.js';

/** Dot-separated labels, as in RFC 6376 3.1. */
const SELECTOR = /^(?=.{1,63}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
/** Of each kind. */
const MAX_ACTIVE = 3;
const MAX_KEYS = 20;
const DEFAULT_BITS = 2048;

export interface DkimKeysDeps {
  store: DirectoryStore;
  clock: Clock;
  dns: Dns;
  domains: Pick<Domains, 'get' | 'find'>;
}

export interface OwnDkimKeys extends DkimKeys {
  /** The keys of a domain were removed with it. */
  forget(domain: DomainRecord): void;
  signers: Domains['signingKeys'];
}

interface ParsedKey extends SigningKey {
  kind: DkimKeyRecord['kind'];
  publicKey: string;
}

export function makeDkimKeys({ store, clock, dns, domains }: DkimKeysDeps): OwnDkimKeys {
  const active = makeRecent<ParsedKey[]>({ clock, maxEntries: 10_000, lifetimeMs: 10 * MINUTE });
  const turns = makeKeyTurns();
  const aliases = makeRecent<boolean>({ clock, maxEntries: 10_000, lifetimeMs: 10 * MINUTE });

  async function activeOf(domain: DomainRecord): Promise<ParsedKey[]> {
    const known = active.get(domain.publicId);
    if (known !== undefined) return known;
    const keys = (await store.dkimKeys(domain.account, domain.id))
      .filter((record) => record.active)
      .sort((left, right) => right.createdAt - left.createdAt || right.id - left.id)
      .map(({ selector, privateKey, kind, publicKey }) => ({
        ...{ domain: domain.name, selector, kind, publicKey },
        privateKey: createPrivateKey(privateKey),
      }));
    active.set(domain.publicId, keys);
    return keys;
  }

  /** True when DNS shows this public key; false when it shows another, none, or nothing for now. */
  async function isPublished(selector: string, domain: string, publicKey: string): Promise<boolean> {
    const answer = await dns.query(`${selector}._domainkey.${domain}`, 'TXT');
    return answer.kind === 'records' && answer.records.some((text) => publicKeyOfRecord(text) === publicKey);
  }

  async function isAliasOf(alias: { domain: string; selector: string }, key: ParsedKey): Promise<boolean> {
    const id = `${alias.selector} ${alias.domain} ${key.publicKey}`;
    const known = aliases.get(id);
    if (known !== undefined) return known;
    const found = await isPublished(alias.selector, alias.domain, key.publicKey);
    aliases.set(id, found);
    return found;
  }

  async function find(account: number, domainName: string, selector: string) {
    const domain = await domains.get(account, domainName);
    const keys = await store.dkimKeys(account, domain.id);
    const key = keys.find((candidate) => candidate.selector === selector.toLowerCase());
    if (key === undefined) throw notFound('domain key not found');
    return { domain, keys, key };
  }

  async function findActive(account: number, name: { domain: string; selector: string }): Promise<ParsedKey | undefined> {
    const domain = await domains.find(name.domain);
    if (domain?.account !== account) return undefined;
    return (await activeOf(domain)).find((key) => key.selector === name.selector);
  }

  return {
    async create(account, wanted) {
      const domain = await domains.get(account, wanted.domainName);
      const selector = wanted.selector.toLowerCase();
      if (!SELECTOR.test(selector)) throw badRequest(`Invalid selector '${selector.slice(0, 80)}'`);
      const keys = await store.dkimKeys(account, domain.id);
      if (keys.length >= MAX_KEYS) throw badRequest(`A domain has at most ${MAX_KEYS} domain keys`);
      const pair = await pairOf(wanted);
      try {
        const key = { account, domain: domain.id, selector, ...pair, active: false, createdAt: clock.now() };
        return { ...(await store.createDkimKey(key)), domainName: domain.name };
      } catch (error) {
        if (error instanceof StoreError && error.kind === 'conflict') throw badRequest(`Selector '${selector}' is already in use`);
        throw error;
      }
    },

    list: (account, filter) =>
      store.listDkimKeys(account, {
        ...filter,
        domainName: filter.domainName && (parseDomain(filter.domainName) ?? filter.domainName),
        selector: filter.selector?.toLowerCase(),
      }),

    of: (domain) => store.dkimKeys(domain.account, domain.id),

    async activate(account, domainName, selector) {
      const { domain, keys, key } = await find(account, domainName, selector);
      if (key.active) return key;
      if (keys.filter((other) => other.active && other.kind === key.kind).length >= MAX_ACTIVE) {
        throw badRequest(`cannot activate domain key: at most ${MAX_ACTIVE} can be active`);
      }
      if (!(await isPublished(key.selector, domain.name, key.publicKey))) {
        throw badRequest(`cannot activate domain key: the TXT record of ${key.selector}._domainkey.${domain.name} does not show it`);
      }
      await store.setDkimKeyActive(account, key.id, true);
      active.delete(domain.publicId);
      return { ...key, active: true };
    },

    async deactivate(account, domainName, selector) {
      const { domain, keys, key } = await find(account, domainName, selector);
      if (!key.active) return key;
      requireOther(keys, key, 'deactivate');
      await store.setDkimKeyActive(account, key.id, false);
      active.delete(domain.publicId);
      return { ...key, active: false };
    },

    async remove(account, domainName, selector) {
      const { domain, keys, key } = await find(account, domainName, selector);
      if (key.active) requireOther(keys, key, 'delete');
      await store.deleteDkimKey(account, key.id);
      active.delete(domain.publicId);
    },

    async isActive(account, name) {
      return (await findActive(account, name)) !== undefined;
    },

    async signers(domain, { message, secondaryDkim, secondaryDkimPublic }) {
      const own = await activeOf(domain);
      const turn = own.length > 1 ? turns.turnOf(domain.publicId, message) : 0;
      const chosen = (['rsa', 'ed25519'] as const).flatMap((kind) => {
        const ofKind = own.filter((key) => key.kind === kind);
        return ofKind[turn % ofKind.length] ?? [];
      });
      if (secondaryDkim === undefined) return chosen;
      const second = await findActive(domain.account, secondaryDkim);
      if (second === undefined) return chosen;
      const alias = secondaryDkimPublic;
      return [...chosen, alias !== undefined && (await isAliasOf(alias, second)) ? { ...second, ...alias } : second];
    },

    forget(domain) {
      active.delete(domain.publicId);
      turns.forget(domain.publicId);
    },
  };
}

async function pairOf({ pem, bits, kind }: NewDkimKey) {
  if (pem === undefined) return generateDkimKey(kind === 'ed25519' ? 'ed25519' : (bits ?? DEFAULT_BITS));
  const pair = readDkimKey(pem);
  if (pair === undefined) throw badRequest("'pem' is not a private RSA key of 1024 to 4096 bits or an Ed25519 key in PEM format");
  return pair;
}

/** A domain that once signed goes on signing. */
function requireOther(keys: DkimKeyRecord[], key: DkimKeyRecord, verb: string): void {
  const others = keys.some((other) => other.active && other.id !== key.id);
  if (!others) throw badRequest(`cannot ${verb} domain key: must have at least one active domain key`);
}
