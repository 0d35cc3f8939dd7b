/** SMTP logins. Checking a password takes the same time whether or not the login exists; a password that was right is not hashed again for a while. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { badRequest, type Clock, MINUTE, notFound, parseAddress, randomPassword } from '#core';
import type { CredentialRecord, DirectoryStore, DomainRecord, Page } from '#store';
import { makeRecent } from '../cache/recent.js';
import type { DomainFinder } from '../domains/domain-finder.js';
import { checkPasswordLength, hashPassword, verifyPassword } from '../secrets/passwords.js';

/** How long a right password is remembered. A change of the password makes it another hash, which was never proven. */
const VERIFIED_FOR = 5 * MINUTE;

export interface Credentials {
  /** `login` is bare (`alice`) or full. Makes a password when none is given and returns it once. Refusal 400. */
  create(account: number, domain: string, login: string, password?: string): Promise<{ credential: CredentialRecord; password?: string }>;
  list(account: number, domain: string, limit: number, skip: number): Promise<Page<CredentialRecord>>;
  /** Refusal 400, 404 `Credentials not found`. */
  changePassword(account: number, domain: string, login: string, password: string): Promise<void>;
  /** Changes the password, or makes the login when there is none. Refusal 400, 404 for the domain. */
  setPassword(account: number, domain: string, login: string, password: string): Promise<void>;
  /** Gives the full login. Refusal 404 `Credentials not found`; 400 for postmaster, which goes with its domain. */
  remove(account: number, domain: string, login: string): Promise<string>;
  removeAll(account: number, domain: string): Promise<number>;
  /** Who logs in; undefined for an unknown login, a wrong password or a disabled domain, after the same time. */
  verify(login: string, password: string): Promise<{ credential: CredentialRecord; domain: DomainRecord } | undefined>;
  /** True where the login was used from this client (an IPv4 address or an IPv6 /64 network) with its right password before, also before a restart. */
  knowsClient(login: string, client: string): Promise<boolean>;
  rememberClient(login: string, client: string): Promise<void>;
  /** False when the credential was removed, or got another password, after it was given out here. */
  isCurrent(credential: CredentialRecord): Promise<boolean>;
}

/** `alice` or `alice@example.com` as the full login at this domain. Refusal 400 for anything else. */
function fullLogin(login: string, domain: string): string {
  const address = parseAddress(login.includes('@') ? login : `${login}@${domain}`)?.toLowerCase();
  if (address === undefined || !address.endsWith(`@${domain}`)) throw badRequest(`Invalid login '${login}' for domain ${domain}`);
  return address;
}

export function makeCredentials(deps: {
  store: DirectoryStore;
  clock: Clock;
  serverKey: Uint8Array;
  domains: Pick<DomainFinder, 'find' | 'get'>;
}): Credentials {
  const { store, clock, domains } = deps;
  const verified = makeRecent<{ digest: Buffer; hash: string }>({ clock, maxEntries: 1000, lifetimeMs: VERIFIED_FOR });
  const digestOf = (login: string, password: string) => createHmac('sha256', deps.serverKey).update(`${login}\0${password}`).digest();
  // The password of an unknown login is compared with this.
  const nobody = hashPassword(randomPassword());

  async function isRight(credential: CredentialRecord, password: string): Promise<boolean> {
    const digest = digestOf(credential.login, password);
    const known = verified.get(credential.login);
    if (known?.hash === credential.passwordHash && timingSafeEqual(known.digest, digest)) return true;
    if (!(await verifyPassword(password, credential.passwordHash))) return false;
    verified.set(credential.login, { digest, hash: credential.passwordHash });
    return true;
  }

  async function readNew(account: number, domainName: string, login: string, password: string) {
    const domain = await domains.get(account, domainName);
    checkPasswordLength(password);
    return { domain, full: fullLogin(login, domain.name), passwordHash: await hashPassword(password) };
  }

  return {
    async create(account, domainName, login, password) {
      const domain = await domains.get(account, domainName);
      const full = fullLogin(login, domain.name);
      if (password !== undefined) checkPasswordLength(password);
      const secret = password ?? randomPassword();
      const passwordHash = await hashPassword(secret);
      const record = { account, domain: domain.id, login: full, passwordHash, createdAt: clock.now() };
      if ((await store.credentialByLogin(full)) !== undefined) throw badRequest(`Login ${full} already exists`);
      const credential = await store.createCredential(record);
      return { credential, ...(password === undefined ? { password: secret } : {}) };
    },

    async list(account, domainName, limit, skip) {
      const domain = await domains.get(account, domainName);
      return store.listCredentials(account, domain.id, limit, skip);
    },

    async changePassword(account, domainName, login, password) {
      const { full, passwordHash } = await readNew(account, domainName, login, password);
      if (!(await store.setCredentialPassword(account, full, passwordHash))) throw notFound('Credentials not found');
    },

    async setPassword(account, domainName, login, password) {
      const { domain, full, passwordHash } = await readNew(account, domainName, login, password);
      if (!(await store.setCredentialPassword(account, full, passwordHash)))
        await store.createCredential({ account, domain: domain.id, login: full, passwordHash, createdAt: clock.now() });
    },

    async remove(account, domainName, login) {
      const domain = await domains.get(account, domainName);
      const full = fullLogin(login, domain.name);
      if (full === `postmaster@${domain.name}`) throw badRequest(`Cannot delete system mailbox: ${full}`);
      if (!(await store.deleteCredential(account, full))) throw notFound('Credentials not found');
      return full;
    },

    async removeAll(account, domainName) {
      const domain = await domains.get(account, domainName);
      const count = await store.deleteCredentials(account, domain.id);
      return count;
    },

    async verify(login, password) {
      const full = login.toLowerCase();
      const credential = await store.credentialByLogin(full);
      if (credential === undefined) {
        await verifyPassword(password, await nobody);
        return undefined;
      }
      const domain = await domains.find(full.slice(full.lastIndexOf('@') + 1));
      if (!(await isRight(credential, password))) return undefined;
      if (domain === undefined || domain.account !== credential.account || domain.state === 'disabled') return undefined;
      return { credential, domain };
    },

    knowsClient: (login, client) => store.isLoginClient(login.toLowerCase(), client),
    rememberClient: (login, client) => store.rememberLoginClient(login.toLowerCase(), client, clock.now()),

    async isCurrent(credential) {
      return (await store.credentialByLogin(credential.login))?.passwordHash === credential.passwordHash;
    },
  };
}
