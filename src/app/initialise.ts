/** The first run: what a data folder needs before it can serve, made once and told once. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '#config';
import { randomHexId, randomPassword } from '#core';
import { OPERATORS_ACCOUNT, writeSecret } from '#directory';
import { withDirectory } from './with-directory.js';

export interface Initialised {
  apiKey: string;
  /** HTTP webhook signing key. */
  signingKey: string;
  sandboxDomain: string;
  smtpLogin: string;
  smtpPassword: string;
}

export class AlreadyInitialised extends Error {
  override readonly name = 'AlreadyInitialised';
}

/** Where the key of the command line lives; its presence says that the folder is initialised. */
export const adminKeyFile = (dataDir: string): string => join(dataDir, 'admin.key');

/**
 * Makes the first account, an admin key (also kept in `admin.key`, 0600), and a sandbox domain with an SMTP login. The key file is written last, so
 * a run that was interrupted is simply run again. Throws AlreadyInitialised, or a plain Error when the folder is in use or not writable.
 */
export async function initialise(config: Config): Promise<Initialised> {
  const { dataDir, hostname } = config;
  if (existsSync(adminKeyFile(dataDir))) throw new AlreadyInitialised(`${dataDir} is already initialised`);
  return withDirectory(config, async (directory) => {
    if ((await directory.accounts.count()) === 0) await directory.accounts.create('main');
    const account = await directory.accounts.get(OPERATORS_ACCOUNT);
    const sandboxDomain = `sandbox${randomHexId()}${randomHexId().slice(0, 8)}.${hostname}`.toLowerCase();
    const smtpPassword = randomPassword();
    await directory.domains.create(account.id, { name: sandboxDomain, type: 'sandbox', smtpPassword });
    const { secret } = await directory.keys.create(account.id, { role: 'admin', description: 'made by mailwagon init' });
    await writeSecret(dataDir, 'admin.key', `${secret}\n`);
    return { apiKey: secret, signingKey: account.signingKey, sandboxDomain, smtpLogin: `postmaster@${sandboxDomain}`, smtpPassword };
  });
}
