/** The directory of a data folder that no server runs on, for commands that must work without one. */
import type { Config } from '#config';
import { systemClock } from '#core';
import { type Directory, ensureServerKey, makeDirectory } from '#directory';
import { makeDnsCache, makeDnsClient } from '#net';
import { openStores } from '#store';

/** Opens the folder, makes its server key where there is none, and closes it again. Rejects with a plain Error when it is in use or not writable. */
export async function withDirectory<T>(config: Config, work: (directory: Directory) => Promise<T>): Promise<T> {
  const { dataDir, hostname } = config;
  const clock = systemClock;
  // A store that dies rejects every call, which ends this run with its reason.
  const stores = await openStores({ dataDir, onFatal: () => undefined });
  try {
    const dns = makeDnsCache({ client: makeDnsClient({ servers: [...config.dns.servers], clock }), clock, maxEntries: 100 });
    return await work(makeDirectory({ store: stores.directory, clock, hostname, serverKey: await ensureServerKey(dataDir), dns }));
  } finally {
    await stores.close();
  }
}
