import type { Clock } from '#core';
import type { Dns } from '#net';
import type { DirectoryStore } from '#store';
import { makeAccounts } from './accounts.js';
import { makeCredentials } from './credentials.js';
import type { Directory, Domains, SourceAddresses } from './directory.js';
import { makeDkimKeys, type OwnDkimKeys } from './dkim-keys.js';
import { makeDomains } from './domains.js';
import { makeKeys } from './keys.js';
import { makePools } from './pools.js';
import { makeSources, type OwnSources } from './sources.js';
import { makeTemplates } from './templates.js';

export interface DirectoryDeps {
  store: DirectoryStore;
  clock: Clock;
  /** Name of this server, for the records domains publish. */
  hostname: string;
  /** 32 random bytes that stay on this server; keys are hashed with it. */
  serverKey: Uint8Array;
  dns: Dns;
  /** What this server may send from, of its configuration; the system's choice unless given. */
  addresses?: readonly SourceAddresses[];
}

export function makeDirectory(deps: DirectoryDeps): Directory {
  const accounts = makeAccounts(deps);
  // Each needs the other, but only when it is called.
  const dkimKeys: OwnDkimKeys = makeDkimKeys({
    ...deps,
    domains: { get: (account, name) => domains.get(account, name), find: (name) => domains.find(name) },
  });
  const domains: Domains = makeDomains({
    ...deps,
    dkimKeys,
    sources: { ofNewDomain: (account, wanted) => sources.ofNewDomain(account, wanted) },
  });
  const sources: OwnSources = makeSources({ ...deps, domains, addresses: deps.addresses ?? [] });
  return {
    accounts,
    domains,
    dkimKeys,
    credentials: makeCredentials({ ...deps, domains }),
    keys: makeKeys({ ...deps, domains }),
    templates: makeTemplates({ ...deps, domains }),
    sources,
    pools: makePools({ ...deps, domains, sources }),
  };
}
