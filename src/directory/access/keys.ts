/**
 * API keys. A secret is 32 hex digits and the key's id (`<32>-<8>-<8>`). It is shown once and kept as an HMAC under the server's own key: a fast hash is
 * enough, because the digits are random, and whoever has a copy of the database only cannot even try a guess.
 */
import { createHmac, randomBytes, hash as sha256, timingSafeEqual } from 'node:crypto';
import { badRequest, type Clock, MINUTE, notFound } from '#core';
import type { ApiKeyRecord, DirectoryStore, KeyRole } from '#store';
import { makeRecent } from '../cache/recent.js';
import { makeRemembered } from '../cache/remembered.js';
import type { DomainFinder } from '../domains/domain-finder.js';

const SECRET = /^[0-9a-f]{32}-([0-9a-f]{8}-[0-9a-f]{8})$/;

const MAX_USER_TEXT = 255;

export interface NewKey {
  role: KeyRole;
  kind?: ApiKeyRecord['kind'];
  description?: string;
  /** Required for role `sending`: the only domain it may send as. */
  domainName?: string;
  /** s from now. */
  expiresIn?: number;
  /** Whom it is for: kept and shown, and never looked up. At most 255 characters each. */
  email?: string;
  userId?: string;
  userName?: string;
}

export interface Keys {
  /** The secret is returned here and never again. Refusal 400, 404. */
  create(account: number, key: NewKey): Promise<{ key: ApiKeyRecord; secret: string }>;
  list(account: number, filter: { domainName?: string; kind?: ApiKeyRecord['kind'] }): Promise<ApiKeyRecord[]>;
  /** Refusal 404; 400 for the last admin key, without which nobody could make another. */
  remove(account: number, id: string): Promise<void>;
  /** The key of this secret, if it is known and has not expired. */
  verify(secret: string): Promise<ApiKeyRecord | undefined>;
}

export function makeKeys(deps: { store: DirectoryStore; clock: Clock; serverKey: Uint8Array; domains: Pick<DomainFinder, 'get'> }): Keys {
  const { store, clock } = deps;
  const hash = (secret: string) => createHmac('sha256', deps.serverKey).update(secret).digest('hex');
  const remembered = makeRemembered<ApiKeyRecord | undefined>({
    ...{ clock, changes: store.changes, forgetOn: { apiKey: 'key' }, maxEntries: 10_000, lifetimeMs: MINUTE },
  });
  /** Hashes of secrets that were right, by the SHA-256 of the secret: a client's next request needs no HMAC, which is slower. */
  const proven = makeRecent<string>({ clock, maxEntries: 10_000, lifetimeMs: MINUTE });
  const isExpired = (key: ApiKeyRecord) => key.expiresAt !== undefined && key.expiresAt <= clock.now();

  return {
    async create(account, wanted) {
      const kind = wanted.kind ?? (wanted.domainName === undefined ? 'user' : 'domain');
      if (wanted.role === 'sending' && wanted.domainName === undefined) throw badRequest("'domain_name' is required for a sending key");
      if (kind === 'domain' && wanted.domainName === undefined) throw badRequest("'domain_name' is required for keys of kind 'domain'");
      const domain = wanted.domainName === undefined ? undefined : await deps.domains.get(account, wanted.domainName);
      const user = userOf(wanted);
      const id = `${randomBytes(4).toString('hex')}-${randomBytes(4).toString('hex')}`;
      const secret = `${randomBytes(16).toString('hex')}-${id}`;
      const now = clock.now();
      const key: ApiKeyRecord = {
        id,
        account,
        role: wanted.role,
        kind,
        description: wanted.description ?? '',
        ...(domain === undefined ? {} : { domainName: domain.name }),
        secretHash: hash(secret),
        createdAt: now,
        updatedAt: now,
        ...(wanted.expiresIn === undefined ? {} : { expiresAt: now + wanted.expiresIn * 1000 }),
        ...user,
      };
      await store.createKey(key);
      return { key, secret };
    },

    async list(account, filter) {
      const keys = await store.listKeys(account, filter);
      return keys.filter((key) => !isExpired(key));
    },

    async remove(account, id) {
      const outcome = await store.deleteKey(account, id, clock.now());
      if (outcome === 'unknown') throw notFound('no key matching id');
      if (outcome === 'last')
        throw badRequest('This is the last admin key of the account that stays valid: create another one before you delete it');
    },

    async verify(secret) {
      const id = SECRET.exec(secret)?.[1];
      if (id === undefined) return undefined;
      const digest = sha256('sha256', secret, 'base64');
      const key = await remembered.get(id, () => store.keyById(id));
      if (key === undefined || isExpired(key)) return undefined;
      if (proven.get(digest) === key.secretHash) return key;
      if (!timingSafeEqual(Buffer.from(key.secretHash), Buffer.from(hash(secret)))) return undefined;
      proven.set(digest, key.secretHash);
      return key;
    },
  };
}

/** The facts about the user whom the key is for. Refusal 400. */
function userOf({ email, userId, userName }: NewKey): Pick<ApiKeyRecord, 'email' | 'userId' | 'userName'> {
  for (const [name, text = ''] of Object.entries({ email, user_id: userId, user_name: userName })) {
    if (text.length > MAX_USER_TEXT) throw badRequest(`'${name}' may have at most ${MAX_USER_TEXT} characters`);
  }
  return {
    ...(email === undefined ? {} : { email }),
    ...(userId === undefined ? {} : { userId }),
    ...(userName === undefined ? {} : { userName }),
  };
}
