/** Finds hosted domains by their names: asked for every message and every request, so answers are remembered for a while. */
import { type Clock, MINUTE, notFound, parseDomain } from '#core';
import type { DirectoryStore, DomainRecord } from '#store';
import { makeRemembered } from '../cache/remembered.js';

export interface DomainFinder {
  /** The domain of this name, whoever owns it. The name is normalised here. */
  find(name: string): Promise<DomainRecord | undefined>;
  /** The hosted domain that is nearest above this name, the name itself included, whoever owns it. */
  nearest(name: string): Promise<DomainRecord | undefined>;
  /** Refusal 404 `Domain not found: NAME` for what the account does not own. */
  get(account: number, name: string): Promise<DomainRecord>;
}

export function makeDomainFinder({ store, clock }: { store: DirectoryStore; clock: Clock }): DomainFinder {
  const remembered = makeRemembered<DomainRecord | undefined>({
    ...{ clock, changes: store.changes, forgetOn: { domain: 'key' }, maxEntries: 10_000, lifetimeMs: MINUTE },
  });

  async function find(name: string): Promise<DomainRecord | undefined> {
    const normal = parseDomain(name);
    return normal === undefined ? undefined : remembered.get(normal, () => store.domainByName(normal));
  }

  return {
    find,

    async nearest(name) {
      const exact = await find(name);
      if (exact !== undefined) return exact;
      const labels = (parseDomain(name) ?? '').split('.');
      const above = labels.slice(1, -1).map((_, index) => labels.slice(index + 1).join('.'));
      return above.length === 0 ? undefined : store.longestDomainOf(above);
    },

    async get(account, name) {
      const domain = await find(name);
      if (domain?.account !== account) throw notFound(`Domain not found: ${name}`);
      return domain;
    },
  };
}
