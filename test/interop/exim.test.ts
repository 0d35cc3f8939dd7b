/** A real Exim relays through Mailwagon as docs/relayhost.md says. */
import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { needLibraries, run, unpack } from './support/peers.js';
import { recipe } from './support/recipe.js';
import { openRelayWorld } from './support/relay-world.js';

const MAIL_UID = 8;

test.each(['STARTTLS', 'TLS from the first byte'])('a smarthost with a login and %s', async (kind) => {
  const { root, folder, env } = await unpack(['exim4-daemon-light'], ['Debian-exim']);
  const exim = join(root, 'usr/sbin/exim4');
  await needLibraries(exim);
  const world = await openRelayWorld();
  const implicitTls = kind !== 'STARTTLS';
  const words = implicitTls ? { ...world.words, PORT: world.words.SMTPS_PORT } : world.words;
  const spool = join(folder, 'spool');
  mkdirSync(spool, { mode: 0o755 });
  chownSync(spool, MAIL_UID, MAIL_UID);
  const config = join(folder, 'exim4.conf');
  writeFileSync(
    config,
    [
      `exim_path = ${exim}`,
      `spool_directory = ${spool}`,
      `log_file_path = ${spool}/%slog`,
      'primary_hostname = relay.test',
      'domainlist local_domains = @',
      'keep_environment = LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP',
      'begin routers',
      recipe('exim router', words),
      'begin transports',
      recipe('exim transport', words),
      ...(implicitTls ? [recipe('exim transport for smtps', words)] : []),
      'begin authenticators',
      recipe('exim authenticator', words),
      '',
    ].join('\n'),
    { mode: 0o640 },
  );
  chownSync(config, 0, MAIL_UID);
  const input = 'From: user@src.test\nTo: rcpt@dst.test\nSubject: From behind Exim\n\nHello\n';
  const { code, text } = await run(exim, ['-C', config, '-f', 'user@src.test', '-odf', '-i', 'rcpt@dst.test'], { input, env });
  const log = () => readFileSync(join(spool, 'mainlog'), 'utf8');
  expect(code, text).toBe(0);
  const { data } = await world.expectRelayed().catch((error) => {
    throw new Error(`${error.message}\n${log()}`);
  });
  expect(data.toString()).toContain('Subject: From behind Exim');
  expect(log()).toMatch(/=> rcpt@dst\.test .* A=mailwagon_plain .*C="250 2\.0\.0 Ok: queued/);
});
