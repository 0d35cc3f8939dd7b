/** DKIM keys of domains: made or imported, switched on and off, removed, and chosen for a message (manual page "DKIM security"). */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { badRequest, type Clock, MINUTE, notFound, parseDomain, type SendOptions, StoreError } from '#core';
import { generateDkimKey, publicKeyOfRecord, readDkimKey } from '#mail';
import type { Dns } from '#net';
import type { DirectoryStore, DkimKeyFilter, DkimKeyRecord, DomainRecord } from '#store';
import { makeRecent } from '../cache/recent.js';
import { makeRemembered } from '../cache/remembered.js';
import { type DnsRecord, dkimRecordName } from './dns-records.js';
import type { DomainFinder } from './domain-finder.js';
import { makeKeyTurns } from './key-turns.js';

/** Dot-separated labels, as in RFC 6376 3.1. */
const SELECTOR = /^(?=.{1,63}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
/** Of each kind. */
const MAX_ACTIVE = 3;
const MAX_KEYS = 20;
const DEFAULT_BITS = 2048;

/** What signs mail of a domain. The key object is parsed once. */
export interface SigningKey {
  domain: string;
  selector: string;
  privateKey: KeyObject;
}

type SecondaryDkim = Pick<SendOptions, 'secondaryDkim' | 'secondaryDkimPublic'>;

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
  /**
   * Until DNS shows the key, it signs only where DNS shows no other active key of its kind. Refusal 404 `domain key not found`; 400 when three keys of its
   * kind are active already.
   */
  activate(account: number, domain: string, selector: string): Promise<DkimKeyRecord>;
  /** Refusal 404; 400 for the last active key of a domain, or the last of those that DNS shows. */
  deactivate(account: number, domain: string, selector: string): Promise<DkimKeyRecord>;
  /** Refusal 404; 400 as for `deactivate`. */
  remove(account: number, domain: string, selector: string): Promise<void>;
  /** True when the account has this key and it is active. */
  isActive(account: number, name: { domain: string; selector: string }): Promise<boolean>;
}

export interface DkimKeysDeps {
  store: DirectoryStore;
  clock: Clock;
  dns: Dns;
  domains: Pick<DomainFinder, 'get' | 'find'>;
}

export interface OwnDkimKeys extends DkimKeys {
  /** Notes for each key whether DNS shows it, by records that were just looked up. A key whose record could not be looked up stays as it is. */
  learn(domain: DomainRecord, keys: readonly DkimKeyRecord[], records: readonly DnsRecord[]): Promise<void>;
  /** See `signingKeys` of `Domains`. */
  signers(domain: DomainRecord, message: { message: number } & SecondaryDkim): Promise<SigningKey[]>;
}

interface ParsedKey extends SigningKey {
  kind: DkimKeyRecord['kind'];
  publicKey: string;
}

export function makeDkimKeys({ store, clock, dns, domains }: DkimKeysDeps): OwnDkimKeys {
  const active = makeRemembered<ParsedKey[]>({
    ...{ clock, changes: store.changes, forgetOn: { dkimKey: 'key' }, maxEntries: 10_000, lifetimeMs: 10 * MINUTE },
  });
  const activeOf = (domain: DomainRecord) => active.get(String(domain.id), () => readActive(domain));
  const turns = makeKeyTurns();
  const aliases = makeRecent<boolean>({ clock, maxEntries: 10_000, lifetimeMs: 10 * MINUTE });

  async function readActive(domain: DomainRecord): Promise<ParsedKey[]> {
    const keys = await usable(domain);
    return keys
      .sort((left, right) => right.createdAt - left.createdAt || right.id - left.id)
      .map(({ selector, privateKey, kind, publicKey }) => ({
        ...{ domain: domain.name, selector, kind, publicKey },
        privateKey: createPrivateKey(privateKey),
      }));
  }

  /**
   * The active keys that may sign. Keys of one kind take turns, and no message should be signed by a key that nobody can verify: as soon as DNS shows one
   * key of a kind, the others of that kind wait until DNS shows them, too. A key that was activated before it was published is looked up again here, so
   * that it begins to sign by itself.
   */
  async function usable(domain: DomainRecord): Promise<DkimKeyRecord[]> {
    const keys = (await store.dkimKeys(domain.account, domain.id)).filter((key) => key.active);
    const kinds = new Set(keys.filter((key) => key.published).map((key) => key.kind));
    const sign = await Promise.all(keys.map(async (key) => key.published || !kinds.has(key.kind) || (await look(domain, key))));
    return keys.filter((_key, index) => sign[index]);
  }

  /** Looks in DNS and remembers what it shows. */
  async function look(domain: DomainRecord, key: DkimKeyRecord): Promise<boolean> {
    const published = await isPublished(dkimRecordName(key, domain), key.publicKey);
    if (published) await store.updateDkimKey(domain.account, key.id, { published });
    return published;
  }

  /** True when DNS shows this public key; false when it shows another, none, or nothing for now. */
  async function isPublished(recordName: string, publicKey: string): Promise<boolean> {
    const answer = await dns.query(recordName, 'TXT');
    return answer.kind === 'records' && answer.records.some((text) => publicKeyOfRecord(text) === publicKey);
  }

  async function isAliasOf(alias: { domain: string; selector: string }, key: ParsedKey): Promise<boolean> {
    const id = `${alias.selector} ${alias.domain} ${key.publicKey}`;
    const known = aliases.get(id);
    if (known !== undefined) return known;
    const found = await isPublished(dkimRecordName(alias, { name: alias.domain }), key.publicKey);
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
        const key = { account, domain: domain.id, selector, ...pair, active: false, published: false, createdAt: clock.now() };
        return { ...(await store.createDkimKey(key)), domainName: domain.name };
      } catch (error) {
        if (error instanceof StoreError && error.kind === 'conflict') throw badRequest('failed to create domain key: duplicate key');
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
      const published = await look(domain, key);
      await store.updateDkimKey(account, key.id, { active: true });
      return { ...key, active: true, published };
    },

    async deactivate(account, domainName, selector) {
      const { keys, key } = await find(account, domainName, selector);
      if (!key.active) return key;
      requireOther(keys, key, 'deactivate');
      await store.updateDkimKey(account, key.id, { active: false });
      return { ...key, active: false };
    },

    async remove(account, domainName, selector) {
      const { keys, key } = await find(account, domainName, selector);
      if (key.active) requireOther(keys, key, 'delete');
      await store.deleteDkimKey(account, key.id);
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

    async learn(domain, keys, records) {
      for (const key of keys) {
        const valid = records.find(({ name }) => name === dkimRecordName(key, domain))?.valid ?? 'unknown';
        const published = valid === 'valid';
        if (valid !== 'unknown' && published !== key.published) await store.updateDkimKey(domain.account, key.id, { published });
      }
    },
  };
}

async function pairOf({ pem, bits, kind }: NewDkimKey) {
  if (pem === undefined) return generateDkimKey(kind === 'ed25519' ? 'ed25519' : (bits ?? DEFAULT_BITS));
  const pair = readDkimKey(pem);
  if (pair === undefined) throw badRequest('failed to import domain key: failed to parse PEM');
  return pair;
}

/** Refusal 400 unless another key is active, and where DNS shows this key, unless DNS shows another active one. */
function requireOther(keys: DkimKeyRecord[], key: DkimKeyRecord, verb: string): void {
  const others = keys.filter((other) => other.active && other.id !== key.id);
  if (others.length === 0) throw badRequest(`cannot ${verb} domain key: must have at least one active domain key`);
  if (key.published && !others.some((other) => other.published))
    throw badRequest(`cannot ${verb} domain key: the TXT records of the other active domain keys are not published`);
}
