/** The way back in for an operator who lost every admin key: a key made in the data folder itself, while the server is stopped. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '#config';
import { type NewKey, OPERATORS_ACCOUNT, replaceSecret } from '#directory';
import type { ApiKeyRecord } from '#store';
import { withDirectory } from './with-directory.js';

export interface OfflineKey {
  key: ApiKeyRecord;
  secret: string;
  /** `admin.key`, when the new key was written there because the one in it did not work any more. */
  replaced: string | undefined;
}

/**
 * For the operator's account, or the one with this public id. Rejects with a plain Error when a server runs on the folder or the folder was never
 * initialised; Refusal 400 and 404 as `keys.create`, 404 for an unknown account.
 */
export async function createKeyOffline(config: Config, account: string | undefined, wanted: NewKey): Promise<OfflineKey> {
  const { dataDir } = config;
  if (!existsSync(join(dataDir, 'directory.db'))) throw new Error(`data folder ${dataDir} is not initialised: run "mailwagon init" first`);
  return withDirectory(config, async (directory) => {
    const owner = account === undefined ? OPERATORS_ACCOUNT : (await directory.accounts.find(account)).id;
    const { key, secret } = await directory.keys.create(owner, wanted);
    const isAdmin = (of: ApiKeyRecord | undefined) =>
      of !== undefined && of.account === OPERATORS_ACCOUNT && of.role === 'admin' && of.domainName === undefined;
    const file = join(dataDir, 'admin.key');
    const known = await readFile(file, 'utf8').catch(() => '');
    if (!isAdmin(key) || isAdmin(await directory.keys.verify(known.trim()))) return { key, secret, replaced: undefined };
    await replaceSecret(dataDir, 'admin.key', `${secret}\n`);
    return { key, secret, replaced: file };
  });
}
