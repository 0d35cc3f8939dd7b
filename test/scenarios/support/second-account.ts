/** Another customer of the same server, made while it is stopped: accounts cannot be made over the API yet. */
import { systemClock } from '#core';
import { makeDirectory, readServerKey } from '#directory';
import { makeDnsClient } from '#net';
import { openStores } from '#store';

/** Gives the admin key of a new account. */
export async function addAccount(dataDir: string): Promise<string> {
  const stores = await openStores({
    dataDir,
    onFatal: (error) => {
      throw error;
    },
  });
  try {
    const serverKey = await readServerKey(dataDir);
    if (serverKey === undefined) throw new Error(`${dataDir} is not initialised`);
    const dns = makeDnsClient({ servers: ['127.0.0.1:1'], clock: systemClock });
    const directory = makeDirectory({ store: stores.directory, clock: systemClock, hostname: 'mail.mailwagon.test', serverKey, dns });
    const account = await directory.accounts.create('second');
    return (await directory.keys.create(account.id, { role: 'admin', description: 'second account' })).secret;
  } finally {
    await stores.close();
  }
}
