import type { Clock } from '#core';
import type { Dns } from '#net';
import type { DirectoryStore } from '#store';
import { makeAccounts } from './accounts.js';
import { makeCredentials } from './credentials.js';
import type { Directory } from './directory.js';
import { makeDomains } from './domains.js';
import { makeKeys } from './keys.js';

export interface DirectoryDeps {
  store: DirectoryStore;
  clock: Clock;
  /** Name of this server, for the records domains publish. */
  hostname: string;
  /** 32 random bytes that stay on this server; keys are hashed with it. */
  serverKey: Uint8Array;
  dns: Dns;
}

export function makeDirectory(deps: DirectoryDeps): Directory {
  const accounts = makeAccounts(deps);
  const domains = makeDomains(deps);
  return { accounts, domains, credentials: makeCredentials({ ...deps, domains }), keys: makeKeys({ ...deps, domains }) };
}
