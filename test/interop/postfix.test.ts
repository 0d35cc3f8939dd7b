/** A real Postfix relays through Mailwagon as docs/relayhost.md says, by STARTTLS and by TLS from the first byte. */
import { spawnSync } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { readMessage } from '../scenarios/support/world.js';
import { freePort } from '../support/free-port.mjs';
import { startPostfix } from '../support/postfix.mjs';
import { smtpSend } from '../support/smtp-send.mjs';
import { need } from './support/peers.js';
import { recipe } from './support/recipe.js';
import { openRelayWorld } from './support/relay-world.js';

/** `name = value` lines. */
const settingsOf = (text: string) =>
  Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const [, name, value] = /^(\w+) = (.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value.replace('/etc/postfix/', '$config/')]];
    }),
  );

test.each(['STARTTLS', 'TLS from the first byte'])('relayhost with a login and %s', async (kind) => {
  need('postconf', 'postfix');
  const plugins = spawnSync('sh', ['-c', 'ls /usr/lib/*/sasl2/libplain.so']);
  if (plugins.status !== 0) throw new Error('the mechanism PLAIN is missing: install the package "libsasl2-modules"');
  const world = await openRelayWorld();
  const implicitTls = kind !== 'STARTTLS';
  // As the page says: for smtps the relayhost names the other port.
  const words = implicitTls ? { ...world.words, PORT: world.words.SMTPS_PORT } : world.words;
  const postfix = await startPostfix({
    port: await freePort(),
    settings: {
      myhostname: 'relay.test',
      ...settingsOf(recipe('postfix main.cf', words)),
      ...(implicitTls ? settingsOf(recipe('postfix main.cf for smtps', words)) : {}),
    },
    files: { sasl_passwd: recipe('postfix sasl_passwd', words) },
  });
  onTestFinished(() => postfix.stop());

  const message = { from: 'user@src.test', to: 'rcpt@dst.test', subject: 'From behind Postfix', text: 'Hello' };
  expect(await smtpSend({ port: postfix.port, plain: true }, message)).toMatchObject({ code: 250 });
  const { data } = await world.expectRelayed().catch((error) => {
    throw new Error(`${error.message}\n${postfix.log()}`);
  });
  const { head } = readMessage(data);
  expect(head).toMatch(/^Received: from .* by relay\.test \(Postfix\)/m);
  expect(head).toContain('Subject: From behind Postfix');
  expect(postfix.log()).toMatch(/status=sent \(250 2\.0\.0 Ok: queued/);
});
