/** Accounts: who owns everything else. */
import { type Clock, MINUTE, notFound, randomHexId, randomToken } from '#core';
import type { AccountRecord, DirectoryStore } from '#store';
import { makeRemembered } from '../cache/remembered.js';

/**
 * The operator's own account, which `mailwagon init` makes first: its administrators may see what is about the whole server. Accounts are numbered by the
 * store from 1 and never removed, so no other account can get this number.
 */
export const OPERATORS_ACCOUNT = 1;

export interface Accounts {
  create(name: string): Promise<AccountRecord>;
  /** Refusal 404. */
  get(id: number): Promise<AccountRecord>;
  /** For events. `unknown` for an account that is not there, as after a restore from an older copy: its mail goes on. Rejects with StoreError only. */
  publicId(id: number): Promise<string>;
  /** Refusal 404. */
  find(publicId: string): Promise<AccountRecord>;
  /** All of them, in order of their numbers. */
  list(): Promise<AccountRecord[]>;
  count(): Promise<number>;
}

export function makeAccounts(deps: { store: DirectoryStore; clock: Clock }): Accounts {
  const { store, clock } = deps;
  const remembered = makeRemembered<AccountRecord | undefined>({
    ...{ clock, changes: store.changes, forgetOn: { account: 'key' }, maxEntries: 10_000, lifetimeMs: 10 * MINUTE },
  });
  const get = (id: number) => remembered.get(String(id), () => store.account(id));
  return {
    create: (name) => store.createAccount({ publicId: randomHexId(), name, signingKey: randomToken(24), createdAt: clock.now() }),
    async get(id) {
      const account = await get(id);
      if (account === undefined) throw notFound('Account not found');
      return account;
    },
    publicId: async (id) => (await get(id))?.publicId ?? 'unknown',
    async find(publicId) {
      const account = await store.accountByPublicId(publicId);
      if (account === undefined) throw notFound('Account not found');
      return account;
    },
    list: () => store.listAccounts(),
    count: () => store.countAccounts(),
  };
}
