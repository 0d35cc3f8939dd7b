/** Hosted domains: made together with their first DKIM key, changed, and verified against DNS. */
import { badRequest, type Clock, DAY, MINUTE, notFound, parseDomain, randomHexId, StoreError } from '#core';
import { generateDkimKey } from '#mail';
import type { Dns } from '#net';
import type { DirectoryStore, DomainChanges, DomainFilter, DomainRecord, DomainSettings, Page, PoolReplacement } from '#store';
import { makeRecent } from '../cache/recent.js';
import { checkPasswordLength, hashPassword } from '../secrets/passwords.js';
import type { OwnDkimKeys } from './dkim-keys.js';
import {
  checkRecords,
  type DnsAnswers,
  type DnsRecord,
  type DnsTexts,
  type DomainDns,
  expectedRecords,
  isReadyToSend,
  isSpf,
} from './dns-records.js';
import { makeDomainClaim } from './domain-claim.js';
import type { DomainFinder } from './domain-finder.js';
import { idleSettings } from './idle-settings.js';

const DEFAULT_SELECTOR = 'mailwagon';
const DEFAULT_BITS = 2048;
/** The settings of a domain that is made without any. Messages are kept as long as Mailgun keeps them. */
export const DEFAULT_DOMAIN_SETTINGS: DomainSettings = {
  requireTls: false,
  skipVerification: false,
  webScheme: 'https',
  webPrefix: 'email',
  messageTtl: (3 * DAY) / 1000,
  spamAction: 'disabled',
  wildcard: false,
  forceDkimAuthority: false,
  forceRootDkimHost: false,
  automaticSenderSecurity: false,
  encryptIncoming: false,
  dkimHost: '',
  mailfromHost: '',
  archiveTo: '',
};
const HOSTS = { dkimHost: 'dkim_host_name', mailfromHost: 'mailfrom_host' } as const;
/** s. Events are kept no longer, and nothing else names a message. */
const MAX_MESSAGE_TTL = (30 * DAY) / 1000;
/** Domains looked at in one read. */
const PAGE = 500;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

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

export interface Domains extends Pick<DomainFinder, 'find' | 'nearest' | 'get'> {
  /** Refusal 400 for a bad name or option, a name that is taken, or one below another account's domain that DNS does not show to be the caller's. */
  create(account: number, domain: NewDomain): Promise<DomainRecord>;
  list(account: number, filter: DomainFilter): Promise<Page<DomainRecord>>;
  /** Settings that are not named stay. A change counts for mail that is accepted from now on. Refusal 400 for a bad prefix or time, 404. */
  update(account: number, name: string, changes: DomainChanges): Promise<DomainRecord>;
  /** Refusal 404. */
  remove(account: number, name: string): Promise<void>;
  /** The domains of these accounts with settings that are kept and have no effect yet. */
  idle(accounts: readonly number[]): Promise<{ domain: string; settings: string[] }[]>;
  /** The records to publish, as last verified (`unknown` before the first check). */
  dns(domain: DomainRecord): Promise<DomainDns>;
  /** Looks the records up now; the domain becomes active when SPF and DKIM are there. Refusal 404. */
  verify(account: number, name: string): Promise<{ domain: DomainRecord; dns: DomainDns }>;
  /**
   * The keys that sign a message of the domain together, the primary one first. Of its active RSA keys one signs, and of its active Ed25519 keys one:
   * they take turns from message to message. The secondary key that the message names comes last. It is left out when it is not active any more; its
   * alias is used only while DNS shows its public key under the alias. Empty when the domain has no active key.
   */
  signingKeys: OwnDkimKeys['signers'];
}

export function makeDomains(deps: {
  store: DirectoryStore;
  clock: Clock;
  hostname: string;
  dns: Dns;
  serverKey: Uint8Array;
  finder: DomainFinder;
  dkimKeys: Pick<OwnDkimKeys, 'signers' | 'learn'>;
  sendingIps: { ofNewDomain(account: number, domain: Pick<NewDomain, 'addresses' | 'pool'>): Promise<PoolReplacement | undefined> };
}): Domains {
  const { store, clock, hostname, dns, finder, dkimKeys, sendingIps } = deps;
  const { find, nearest, get } = finder;
  const claim = makeDomainClaim({ nearest, dns, serverKey: deps.serverKey });
  /** What DNS showed, by domain and prefix: with another prefix a domain has other records. */
  const checked = makeRecent<DomainDns>({ clock, maxEntries: 10_000, lifetimeMs: 60 * MINUTE });

  const checkOf = ({ publicId, webPrefix }: DomainRecord) => `${publicId} ${webPrefix}`;

  async function recordsOf(domain: DomainRecord): Promise<DomainDns> {
    const expected = expectedRecords(domain, await store.dkimKeys(domain.account, domain.id), hostname);
    const { sending = [], receiving = [] } = checked.get(checkOf(domain)) ?? {};
    // An active domain had its SPF record when it was verified. Whether DNS shows a DKIM key is kept with the key.
    const isVerified = domain.state === 'active' && domain.type !== 'sandbox';
    const lastOf = (record: DnsRecord): DnsRecord =>
      [...sending, ...receiving].find(({ name, value }) => name === record.name && value === record.value) ??
      (isVerified && isSpf(record) ? { ...record, valid: 'valid' } : record);
    return { sending: expected.sending.map(lastOf), receiving: expected.receiving.map(lastOf) };
  }

  async function lookUp(records: DnsRecord[], domain: string): Promise<DnsAnswers> {
    const keys = records.map((record) => ({ type: record.recordType, name: record.name ?? domain }));
    const found = new Map(
      await Promise.all(keys.map(async ({ type, name }) => [`${type} ${name}`, await dnsTexts(dns, name, type)] as const)),
    );
    return (type, name) => found.get(`${type} ${name}`) ?? { failure: 'it was not asked' };
  }

  return {
    find,
    nearest,
    get,
    async create(account, wanted) {
      const name = parseDomain(wanted.name);
      if (name === undefined || !name.includes('.')) throw badRequest(`Domain name format is invalid: ${wanted.name.slice(0, 255)}`);
      if (wanted.smtpPassword !== undefined) checkPasswordLength(wanted.smtpPassword);
      const selector = (wanted.dkimSelector ?? DEFAULT_SELECTOR).toLowerCase();
      if (!LABEL.test(selector)) throw badRequest(`Invalid dkim_selector '${selector.slice(0, 80)}'`);
      const settings = { ...DEFAULT_DOMAIN_SETTINGS, ...readChanges(wanted) };
      if ((await find(name)) !== undefined) throw badRequest(`Domain ${name} is already taken`);
      // The sandbox is the server's own to give, below its own name.
      if (wanted.type !== 'sandbox') await claim.check(account, name);
      const source = await sendingIps.ofNewDomain(account, wanted);

      const bits = wanted.dkimKeySize ?? DEFAULT_BITS;
      const createdAt = clock.now();
      const passwordHash = wanted.smtpPassword === undefined ? undefined : await hashPassword(wanted.smtpPassword);
      const record: Omit<DomainRecord, 'id'> = {
        account,
        publicId: randomHexId(),
        name,
        type: wanted.type ?? 'custom',
        state: wanted.type === 'sandbox' ? 'active' : 'unverified',
        createdAt,
        ...settings,
      };
      try {
        return await store.createDomain(
          record,
          { account, selector, ...(await generateDkimKey(bits)), active: true, published: false, createdAt },
          passwordHash === undefined ? undefined : { account, login: `postmaster@${name}`, passwordHash, createdAt },
          source,
        );
      } catch (error) {
        if (error instanceof StoreError && error.kind === 'conflict') throw badRequest(`Domain ${name} is already taken`);
        throw error;
      }
    },

    list: (account, filter) => store.listDomains(account, filter),

    async update(account, name, wanted) {
      const domain = await get(account, name);
      const changes = readChanges(wanted);
      if (!(await store.updateDomain(account, domain.id, changes))) throw notFound(`Domain not found: ${name}`);
      return get(account, name);
    },

    async remove(account, name) {
      const domain = await get(account, name);
      if (!(await store.deleteDomain(account, domain.id))) throw notFound(`Domain not found: ${name}`);
    },

    async idle(accounts) {
      const found: { domain: string; settings: string[] }[] = [];
      for (const account of accounts) {
        for (let skip = 0, isMore = true; isMore; skip += PAGE) {
          const { items } = await store.listDomains(account, { limit: PAGE, skip, sort: 'name:asc' });
          found.push(
            ...items
              .map((domain) => ({ domain: domain.name, settings: idleSettings(domain).map((setting) => setting.name) }))
              .filter(({ settings }) => settings.length > 0),
          );
          isMore = items.length === PAGE;
        }
      }
      return found;
    },

    dns: recordsOf,

    async verify(account, name) {
      const domain = await get(account, name);
      const keys = await store.dkimKeys(account, domain.id);
      const expected = expectedRecords(domain, keys, hostname);
      const found = await lookUp([...expected.sending, ...expected.receiving], domain.name);
      const addresses = await Promise.all([dnsTexts(dns, hostname, 'A'), dnsTexts(dns, hostname, 'AAAA')]);
      const own = addresses.flatMap((answer) => ('texts' in answer ? answer.texts : []));
      const result = checkRecords(expected, domain.name, own, found);
      checked.set(checkOf(domain), result);
      await dkimKeys.learn(domain, keys, result.sending);
      if (domain.state === 'unverified' && isReadyToSend(result)) {
        await store.setDomainState(account, domain.id, 'active');
        return { domain: { ...domain, state: 'active' }, dns: result };
      }
      return { domain, dns: result };
    },

    signingKeys: dkimKeys.signers,
  };
}

/** The settings among what is wanted, names in lower case. Refusal 400 for the first that is wrong. */
function readChanges(wanted: DomainChanges): DomainChanges {
  const names = Object.keys(DEFAULT_DOMAIN_SETTINGS) as (keyof DomainSettings)[];
  const changes: DomainChanges = Object.fromEntries(names.flatMap((name) => (wanted[name] === undefined ? [] : [[name, wanted[name]]])));
  const { webPrefix, messageTtl } = changes;
  if (webPrefix !== undefined) changes.webPrefix = webPrefix.toLowerCase();
  if (!LABEL.test(changes.webPrefix ?? 'x')) throw badRequest(`Invalid web_prefix '${webPrefix?.slice(0, 80)}'`);
  for (const [setting, parameter] of Object.entries(HOSTS) as [keyof typeof HOSTS, string][]) {
    const host = changes[setting] || undefined;
    if (host !== undefined) changes[setting] = parseDomain(host) ?? refuseHost(parameter, host);
  }
  if (messageTtl !== undefined && (!Number.isInteger(messageTtl) || messageTtl < 1 || messageTtl > MAX_MESSAGE_TTL)) {
    throw badRequest(`message_ttl must be a whole number of seconds from 1 to ${MAX_MESSAGE_TTL}`);
  }
  return changes;
}

function refuseHost(parameter: string, host: string): never {
  throw badRequest(`${parameter} '${host.slice(0, 80)}' is not a domain name`);
}

/** Record data as text. */
async function dnsTexts(dns: Dns, name: string, type: DnsRecord['recordType'] | 'A' | 'AAAA'): Promise<DnsTexts> {
  const answer = await dns.query<'TXT' | 'MX' | 'CNAME' | 'A' | 'AAAA'>(name, type);
  if (answer.kind === 'failed') return { failure: answer.reason };
  if (answer.kind !== 'records') return { texts: [] };
  return { texts: answer.records.map((record) => (typeof record === 'string' ? record : record.exchange)) };
}
