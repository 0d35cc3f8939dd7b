/** The whole directory: a property per noun. Its parts know each other only by what is handed to them here, from the first to the last. */
import type { Clock } from '#core';
import type { Dns } from '#net';
import type { DirectoryStore } from '#store';
import { type Accounts, makeAccounts } from './access/accounts.js';
import { type Credentials, makeCredentials } from './access/credentials.js';
import { type Keys, makeKeys } from './access/keys.js';
import { type DkimKeys, makeDkimKeys } from './domains/dkim-keys.js';
import { makeDomainFinder } from './domains/domain-finder.js';
import { type Domains, makeDomains } from './domains/domains.js';
import { makePools, type Pools } from './ips/pools.js';
import { makeSendingIps, type SendingIpPair, type SendingIps } from './ips/sending-ips.js';
import { makeTemplates, type Templates } from './templates/templates.js';

export interface DirectoryDeps {
  store: DirectoryStore;
  clock: Clock;
  /** Name of this server, for the records domains publish. */
  hostname: string;
  /** 32 random bytes that stay on this server; keys are hashed with it. */
  serverKey: Uint8Array;
  dns: Dns;
  /** What this server may send from, of its configuration; the system's choice unless given. */
  addresses?: readonly SendingIpPair[];
}

export interface Directory {
  accounts: Accounts;
  domains: Domains;
  dkimKeys: DkimKeys;
  credentials: Credentials;
  keys: Keys;
  templates: Templates;
  sendingIps: SendingIps;
  pools: Pools;
}

export function makeDirectory(deps: DirectoryDeps): Directory {
  const finder = makeDomainFinder(deps);
  const dkimKeys = makeDkimKeys({ ...deps, domains: finder });
  const sendingIps = makeSendingIps({ ...deps, domains: finder, addresses: deps.addresses ?? [] });
  return {
    accounts: makeAccounts(deps),
    domains: makeDomains({ ...deps, finder, dkimKeys, sendingIps }),
    dkimKeys,
    credentials: makeCredentials({ ...deps, domains: finder }),
    keys: makeKeys({ ...deps, domains: finder }),
    templates: makeTemplates({ ...deps, domains: finder }),
    sendingIps,
    pools: makePools({ ...deps, domains: finder, sendingIps }),
  };
}
