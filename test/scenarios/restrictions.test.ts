/** What replies made us do for a while is done on after a restart: a destination that asked to be left alone is. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tempDir } from '../support/temp-dir.mjs';
import { waitFor } from '../support/wait-for.mjs';
import { openWorld } from './support/world.js';

const rule = (scope: string) => ({
  id: 'f001',
  text: ['please go away for a while'],
  threshold: 'immediate',
  // biome-ignore lint/suspicious/noThenProperty: the key of the file.
  then: { suspend: true },
  for: '1h',
  scope,
  explanation: 'The host asks for a pause.',
  sample: '451 4.7.1 please go away for a while',
});

test.each(['path', 'domain', 'tenant'])('a pause for a %s holds after SIGKILL', async (scope) => {
  const rules = tempDir();
  onTestFinished(rules.cleanup);
  const file = join(rules.path, 'shaping.yaml');
  writeFileSync(file, JSON.stringify({ responses: [rule(scope)] }));
  const world = await openWorld({ config: { shaping: { file } }, mx: { script: { mail: '451 4.7.1 please go away for a while' } } });
  await world.send();
  await world.waitForEvents({ accepted: 1, 'failed temporary': 1 });
  // Another one, which waits for the pause and not for a retry.
  await world.send({ to: 'b@dst.test' });
  const why = async (recipient: string) => {
    const { items } = JSON.parse((await world.server.cli('queue', 'list', '--recipient', recipient, '--json')).stdout);
    return (await world.server.cli('queue', 'show', String(items[0].id))).stdout;
  };
  const waitForReason = (recipient: string) =>
    waitFor(async () => (await why(recipient)).includes('The host asks for a pause.'), { what: 'the reason', intervalMs: 200 });
  await waitForReason('b@dst.test');

  await world.server.stop('SIGKILL');
  world.mx.script = {};
  const sessions = world.mx.sessions.length;
  await world.server.start();
  await waitFor(() => world.server.logText().includes('restrictions of an earlier run still hold'), { what: 'the log line' });
  expect(await why('b@dst.test')).toContain('The host asks for a pause.');
  await world.send({ to: 'c@dst.test' });
  await waitForReason('c@dst.test');
  await world.waitForEvents({ accepted: 3, 'failed temporary': 1 });
  expect(world.mx.sessions.length).toBe(sessions);
});
