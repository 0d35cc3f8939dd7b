/** swaks, msmtp and curl submit as docs/relayhost.md says. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { need, run } from './support/peers.js';
import { recipe } from './support/recipe.js';
import { openRelayWorld, type RelayWorld } from './support/relay-world.js';

/** Runs a recipe's line in the world's folder. */
async function runRecipe(world: RelayWorld, name: string, change = (line: string) => line): Promise<string> {
  const { code, text } = await run('sh', ['-c', change(recipe(name, world.words))], { cwd: world.folder });
  expect(code, text).toBe(0);
  return text;
}

test.each(['swaks starttls', 'swaks smtps'])('%s', async (name) => {
  need('swaks', 'swaks');
  expect((await run('perl', ['-MNet::SSLeay', '-e', '1'])).code, 'install the package "libnet-ssleay-perl"').toBe(0);
  const world = await openRelayWorld();
  expect(await runRecipe(world, name)).toMatch(/<[~-]+\s+235 /);
  const { mailFrom, data } = await world.expectRelayed();
  expect(mailFrom).toBe(world.login);
  expect(data.toString()).toContain('This is a test mailing');
});

test.each(['STARTTLS', 'TLS from the first byte'])('msmtp with %s', async (kind) => {
  need('msmtp', 'msmtp');
  const world = await openRelayWorld();
  const words = kind === 'STARTTLS' ? world.words : { ...world.words, PORT: world.words.SMTPS_PORT };
  const settings = recipe('msmtp msmtprc', words).replace('tls_starttls on', kind === 'STARTTLS' ? 'tls_starttls on' : 'tls_starttls off');
  const file = join(world.folder, 'msmtprc');
  writeFileSync(file, `${settings}\n`, { mode: 0o600 });
  await runRecipe(world, 'msmtp send', (line) => line.replace('msmtp ', `msmtp -C ${file} `));
  expect((await world.expectRelayed()).data.toString()).toContain('It works.');
});

test.each(['curl starttls', 'curl smtps'])('%s', async (name) => {
  need('curl', 'curl');
  const world = await openRelayWorld();
  const message = `From: ${world.login}\r\nTo: rcpt@dst.test\r\nSubject: By curl\r\n\r\n.starts with a dot\r\n`;
  writeFileSync(join(world.folder, 'message.eml'), message);
  await runRecipe(world, name);
  expect((await world.expectRelayed()).data.toString()).toContain('\r\n\r\n.starts with a dot\r\n');
});
