/** A directory in memory: two accounts never see each other, secrets are what they look like. */

import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { badRequest, notFound, parseDomain } from '#core';
import { DEFAULT_DOMAIN_SETTINGS, type Directory, type DomainDns } from '#directory';
import { makePools } from '#directory/ips/pools.js';
import { makeSendingIps } from '#directory/ips/sending-ips.js';
import { makeTemplates } from '#directory/templates/templates.js';
import type { ApiKeyRecord, CredentialRecord, DomainRecord } from '#store';
import { makeMemoryPoolStore } from './memory-pool-store.ts';
import { makeMemoryTemplateStore } from './memory-template-store.ts';
import { withChanges } from './with-changes.ts';

export const MADE_AT = Date.UTC(2026, 2, 4, 10, 15, 30);

/** The operator's, and a customer's. */
export const ACCOUNTS = [1, 2].map((id) => ({
  ...{ id, publicId: String(id).repeat(24), name: `account ${id}`, signingKey: 'secret', createdAt: MADE_AT },
}));

const POOL_CLOCK = { now: () => MADE_AT, monotonic: () => 0 };

export interface FakeDirectory extends Directory {
  addKey(secret: string, key: Partial<ApiKeyRecord> & Pick<ApiKeyRecord, 'account' | 'role'>): ApiKeyRecord;
  addDomain(account: number, name: string): DomainRecord;
  credentialPasswords: Map<string, string>;
}

const dnsOf = (domain: DomainRecord): DomainDns => ({
  sending: [
    {
      recordType: 'TXT',
      name: domain.name,
      value: 'v=spf1 a:mail.example.net ~all',
      valid: 'valid',
      cached: ['v=spf1 a:mail.example.net ~all'],
    },
    { recordType: 'TXT', name: `mailwagon._domainkey.${domain.name}`, value: 'k=rsa; p=AAAA', valid: 'unknown', cached: [] },
  ],
  receiving: [{ recordType: 'MX', priority: '10', value: 'mail.example.net', valid: 'unknown', cached: [] }],
});

export function makeFakeDirectory(): FakeDirectory {
  const domains = new Map<string, DomainRecord>();
  const keys = new Map<string, { key: ApiKeyRecord; secret: string }>();
  const credentials = new Map<string, CredentialRecord>();
  const credentialPasswords = new Map<string, string>();
  let nextId = 1;

  function own(account: number, name: string): DomainRecord {
    const domain = domains.get(parseDomain(name) ?? '');
    if (domain?.account !== account) throw notFound(`Domain not found: ${name}`);
    return domain;
  }
  const poolStore = withChanges(
    makeMemoryPoolStore((account) => [...domains.values()].filter((domain) => domain.account === account)),
    'pool',
    ['createPool', 'updatePool', 'deletePool', 'setDomainSource', 'addDomainAddress', 'replaceDomainAddress'],
  );
  const sendingIps = makeSendingIps({
    store: poolStore,
    clock: POOL_CLOCK,
    domains: { get: async (account, name) => own(account, name) },
    dns: { query: async () => ({ kind: 'nxdomain', ttl: 60, authenticated: false }) },
    addresses: [{ ipv4: '192.0.2.10', ipv6: '2001:db8::10' }, { ipv4: '192.0.2.11' }, { ipv6: '2001:db8::12' }],
  });
  const loginOf = (domain: DomainRecord, login: string) => (login.includes('@') ? login : `${login}@${domain.name}`);
  function checkPassword(password: string | undefined) {
    if (password !== undefined && (password.length < 5 || password.length > 32)) {
      throw badRequest('Password is too short. It must be between 5 and 32 characters.');
    }
  }
  function addDomain(account: number, name: string, more: Partial<DomainRecord> = {}): DomainRecord {
    const id = nextId++;
    const domain: DomainRecord = {
      id,
      account,
      publicId: String(id).padStart(24, '0'),
      name,
      type: 'custom',
      state: 'unverified',
      ...DEFAULT_DOMAIN_SETTINGS,
      createdAt: MADE_AT,
      ...more,
    };
    domains.set(name, domain);
    return domain;
  }
  function addKey(secret: string, key: Partial<ApiKeyRecord> & Pick<ApiKeyRecord, 'account' | 'role'>): ApiKeyRecord {
    const id = `${String(nextId++).padStart(8, '0')}-00000000`;
    const record: ApiKeyRecord = { id, kind: 'user', description: '', secretHash: '', createdAt: MADE_AT, updatedAt: MADE_AT, ...key };
    keys.set(id, { key: record, secret });
    return record;
  }

  return {
    addKey,
    addDomain,
    credentialPasswords,
    accounts: {
      publicId: async () => ACCOUNTS[0]?.publicId ?? '',
      create: () => Promise.reject(new Error('not part of the API')),
      get: () => Promise.reject(new Error('not part of the API')),
      async find(publicId) {
        const found = ACCOUNTS.find((account) => account.publicId === publicId);
        if (found === undefined) throw notFound('Account not found');
        return found;
      },
      list: async () => ACCOUNTS,
      count: async () => 2,
    },
    domains: {
      async create(account, wanted) {
        const name = parseDomain(wanted.name);
        if (name === undefined) throw badRequest('Domain name format is invalid');
        if (domains.has(name)) throw badRequest(`Domain ${name} is already taken`);
        checkPassword(wanted.smtpPassword);
        const source = await sendingIps.ofNewDomain(account, wanted);
        const settings = Object.keys(DEFAULT_DOMAIN_SETTINGS).map((key) => [key, wanted[key as keyof typeof DEFAULT_DOMAIN_SETTINGS]]);
        const domain = addDomain(account, name, Object.fromEntries(settings.filter(([, value]) => value !== undefined)));
        if (source !== undefined) await poolStore.setDomainSource(account, domain.id, source);
        return domain;
      },
      find: async (name) => domains.get(name),
      nearest: async (name) => domains.get(name),
      get: async (account, name) => own(account, name),
      async list(account, filter) {
        const found = [...domains.values()].filter(
          (domain) =>
            domain.account === account &&
            domain.name.includes(filter.search ?? '') &&
            (filter.name ?? domain.name) === domain.name &&
            (filter.state ?? domain.state) === domain.state,
        );
        if (filter.sort !== 'created')
          found.sort((left, right) => left.name.localeCompare(right.name) * (filter.sort === 'name:asc' ? 1 : -1));
        return { items: found.slice(filter.skip, filter.skip + filter.limit), total: found.length };
      },
      async update(account, name, changes) {
        const domain = { ...own(account, name), ...JSON.parse(JSON.stringify(changes)) };
        domains.set(domain.name, domain);
        return domain;
      },
      async remove(account, name) {
        domains.delete(own(account, name).name);
      },
      idle: async () => [],
      dns: async (domain) => dnsOf(domain),
      async verify(account, name) {
        const domain = { ...own(account, name), state: 'active' as const };
        domains.set(domain.name, domain);
        return { domain, dns: dnsOf(domain) };
      },
      signingKeys: async (domain) => {
        const { privateKey } = generateKeyPairSync('ed25519', {
          privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
          publicKeyEncoding: { type: 'spki', format: 'pem' },
        });
        return [{ domain: domain.name, selector: 'mailwagon', privateKey: createPrivateKey(privateKey) }];
      },
    },
    // Tested over the real directory in test/scenarios/dkim-keys.test.ts.
    dkimKeys: {
      create: async (account, key) => {
        own(account, key.domainName);
        throw badRequest(`Invalid selector '${key.selector}'`);
      },
      list: async () => [],
      of: async () => [],
      activate: async () => {
        throw notFound('domain key not found');
      },
      deactivate: async () => {
        throw notFound('domain key not found');
      },
      remove: async () => {
        throw notFound('domain key not found');
      },
      isActive: async () => false,
    },
    sendingIps,
    pools: makePools({ store: poolStore, clock: POOL_CLOCK, domains: { get: async (account, name) => own(account, name) }, sendingIps }),
    templates: makeTemplates({
      store: withChanges(makeMemoryTemplateStore(), 'template', [
        ...(['createTemplate', 'updateTemplate', 'deleteTemplate', 'deleteTemplates'] as const),
        ...(['createTemplateVersion', 'putTemplateVersion', 'updateTemplateVersion', 'deleteTemplateVersion'] as const),
      ]),
      clock: { now: () => MADE_AT, monotonic: () => 0 },
      domains: { find: async (name) => domains.get(parseDomain(name) ?? '') },
    }),
    credentials: {
      async create(account, domainName, login, password) {
        const domain = own(account, domainName);
        checkPassword(password);
        const full = loginOf(domain, login);
        if (credentials.has(full)) throw badRequest(`Login ${full} already exists`);
        const credential = { id: nextId++, account, domain: domain.id, login: full, passwordHash: '', createdAt: MADE_AT };
        credentials.set(full, credential);
        credentialPasswords.set(full, password ?? 'made-by-the-server');
        return { credential, ...(password === undefined ? { password: 'made-by-the-server' } : {}) };
      },
      async list(account, domainName, limit, skip) {
        const domain = own(account, domainName);
        const found = [...credentials.values()].filter((credential) => credential.domain === domain.id);
        return { items: found.slice(skip, skip + limit), total: found.length };
      },
      async changePassword(account, domainName, login, password) {
        const full = loginOf(own(account, domainName), login);
        checkPassword(password);
        if (!credentials.has(full)) throw notFound('Credentials not found');
        credentialPasswords.set(full, password);
      },
      async setPassword(account, domainName, login, password) {
        const domain = own(account, domainName);
        const full = loginOf(domain, login);
        checkPassword(password);
        if (!credentials.has(full))
          credentials.set(full, { id: nextId++, account, domain: domain.id, login: full, passwordHash: '', createdAt: MADE_AT });
        credentialPasswords.set(full, password);
      },
      async remove(account, domainName, login) {
        const full = loginOf(own(account, domainName), login);
        if (!credentials.delete(full)) throw notFound('Credentials not found');
        return full;
      },
      async removeAll(account, domainName) {
        const domain = own(account, domainName);
        const found = [...credentials.values()].filter((credential) => credential.domain === domain.id);
        for (const credential of found) credentials.delete(credential.login);
        return found.length;
      },
      verify: async () => undefined,
      knowsClient: async () => false,
      rememberClient: async () => undefined,
      isCurrent: async () => true,
    },
    keys: {
      async create(account, wanted) {
        if (wanted.role === 'sending' && wanted.domainName === undefined) throw badRequest("'domain_name' is required for a sending key");
        const secret = `secret-of-key-${nextId}`;
        const expiresAt = wanted.expiresIn === undefined ? undefined : MADE_AT + wanted.expiresIn * 1000;
        const { role, kind = 'user', description = '', domainName } = wanted;
        return { key: addKey(secret, { account, role, kind, description, domainName, expiresAt }), secret };
      },
      async list(account, filter) {
        const found = [...keys.values()].map(({ key }) => key).filter((key) => key.account === account);
        return found.filter((key) => (filter.kind ?? key.kind) === key.kind && (filter.domainName ?? key.domainName) === key.domainName);
      },
      async remove(account, id) {
        if (keys.get(id)?.key.account !== account) throw notFound('key not found');
        keys.delete(id);
      },
      verify: async (secret) => [...keys.values()].find((entry) => entry.secret === secret)?.key,
    },
  };
}
