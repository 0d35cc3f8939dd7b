import { expect, test } from 'vitest';
import { systemClock } from '#core';
import { makeDirectory } from '#directory';
import { makeDnsClient } from '#net';
import { openStores } from '#store';
import { tempDir } from '../../support/temp-dir.mjs';

test('a credential is current until it is removed or gets another password', async () => {
  const folder = tempDir();
  const stores = await openStores({ dataDir: folder.path, onFatal: (error) => expect.fail(error.message) });
  try {
    const dns = makeDnsClient({ servers: ['127.0.0.1:9'], clock: systemClock });
    const { accounts, domains, credentials } = makeDirectory({
      store: stores.directory,
      clock: systemClock,
      hostname: 'mail.host.example',
      serverKey: new Uint8Array(32),
      dns,
    });
    const account = (await accounts.create('mine')).id;
    await domains.create(account, { name: 'a.example' });
    const { credential } = await credentials.create(account, 'a.example', 'alice', 'secret-1');
    expect(await credentials.isCurrent(credential)).toBe(true);
    await credentials.changePassword(account, 'a.example', 'alice', 'secret-1');
    expect(await credentials.isCurrent(credential)).toBe(false);
    const again = await credentials.verify('alice@a.example', 'secret-1');
    if (again === undefined) throw new Error('logs in');
    expect(await credentials.isCurrent(again.credential)).toBe(true);
    await credentials.remove(account, 'a.example', 'alice');
    expect(await credentials.isCurrent(again.credential)).toBe(false);
  } finally {
    await stores.close();
    folder.cleanup();
  }
});
