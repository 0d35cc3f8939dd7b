/** A real Sendmail relays through Mailwagon as docs/relayhost.md says. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { need, needLibraries, run, unpack } from './support/peers.js';
import { recipe } from './support/recipe.js';
import { openRelayWorld } from './support/relay-world.js';

test('a smart host with a login and STARTTLS', async () => {
  need('m4', 'm4');
  const { root, folder, env } = await unpack(['sendmail-bin', 'sendmail-cf'], ['smmta', 'smmsp']);
  const bin = join(root, 'usr/libexec/sendmail');
  await needLibraries(join(bin, 'sendmail'));
  const world = await openRelayWorld();
  const here = (text: string) => text.replaceAll('/etc/mail/', `${folder}/`);
  mkdirSync(join(folder, 'queue'), { mode: 0o755 });
  writeFileSync(
    join(folder, 'sendmail.mc'),
    [
      'divert(0)dnl',
      "OSTYPE(`linux')dnl",
      `define(\`QUEUE_DIR', \`${folder}/queue')dnl`,
      `define(\`STATUS_FILE', \`${folder}/statistics')dnl`,
      "define(`ALIAS_FILE', `')dnl",
      "define(`HELP_FILE', `')dnl",
      "define(`confHOST_STATUS_DIRECTORY', `')dnl",
      "define(`confDOMAIN_NAME', `relay.test')dnl",
      // Its files lie in a folder of /tmp, which everybody may write to.
      "define(`confDONT_BLAME_SENDMAIL', `MapInUnsafeDirPath')dnl",
      here(recipe('sendmail sendmail.mc', world.words)),
      "MAILER(`local')dnl",
      "MAILER(`smtp')dnl",
      '',
    ].join('\n'),
  );
  writeFileSync(join(folder, 'authinfo'), `${recipe('sendmail authinfo', world.words)}\n`, { mode: 0o600 });
  // The commands of the page, with what installed packages would have in its place.
  const made = here(recipe('sendmail make', world.words))
    .replace(/^makemap hash/m, `${bin}/makemap -C ${folder}/sendmail.cf hash`)
    .replace(/^m4 /m, `m4 -D_CF_DIR_=${root}/usr/share/sendmail/cf/ ${root}/usr/share/sendmail/cf/m4/cf.m4 `);
  const [makemap = '', m4 = ''] = made.split('\n');
  for (const line of [m4, makemap]) expect(await run('sh', ['-c', line], { env })).toMatchObject({ code: 0 });

  const args = ['-Am', '-C', join(folder, 'sendmail.cf'), '-v', '-odi', '-i', '-f', 'user@src.test', 'rcpt@dst.test'];
  const input = 'From: user@src.test\nTo: rcpt@dst.test\nSubject: From behind Sendmail\n\nHello\n';
  const { code, text } = await run(join(bin, 'sendmail'), args, { input, env });
  expect(code, text).toBe(0);
  const { data } = await world.expectRelayed().catch((error) => {
    throw new Error(`${error.message}\n${text}`);
  });
  expect(data.toString()).toContain('Subject: From behind Sendmail');
  expect(text).toMatch(/250 2\.0\.0 Ok: queued/);
});
