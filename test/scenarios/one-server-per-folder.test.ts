/** A second server, or a port that is taken, ends at once with a sentence an operator can act on; what runs is unharmed. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runMailwagon } from '../support/mailwagon-process.mjs';
import { tempDir } from '../support/temp-dir.mjs';
import { openWorld } from './support/world.js';

/** Starts another server with this configuration, which must refuse. */
async function startAnother(config: object) {
  const folder = tempDir();
  onTestFinished(folder.cleanup);
  const file = join(folder.path, 'other.yaml');
  const listen = { smtp: ['127.0.0.1:0'], smtps: [], http: ['127.0.0.1:0'] };
  writeFileSync(file, JSON.stringify({ hostname: 'other.test', dataDir: join(folder.path, 'data'), listen, ...config }));
  return { file, serve: () => runMailwagon(['serve', '--config', file]), init: () => runMailwagon(['init', '--config', file]) };
}

test('a second server on the same data folder refuses', async () => {
  const world = await openWorld();
  const { serve } = await startAnother({ dataDir: world.server.dataDir });
  const { code, stderr } = await serve();
  expect(code).toBe(1);
  expect(stderr).toContain(`is in use by another mailwagon (pid ${world.server.addresses.pid})`);

  await world.send();
  await world.waitForEvents({ accepted: 1, delivered: 1 });
});

test.each(['smtp', 'smtps', 'http'])('a port that is taken is named (%s)', async (kind) => {
  const world = await openWorld();
  const taken = `127.0.0.1:${world.mx.port}`;
  const listen = { smtp: ['127.0.0.1:0'], smtps: ['127.0.0.1:0'], http: ['127.0.0.1:0'], [kind]: [taken] };
  const { init, serve } = await startAnother({ listen });
  expect(await init()).toMatchObject({ code: 0 });
  const { code, stderr } = await serve();
  expect(code).toBe(1);
  expect(stderr).toContain(`Cannot listen on ${taken}: the port is in use`);
});

test('a folder without its first run is refused with the command to give', async () => {
  const { serve } = await startAnother({});
  const { code, stderr } = await serve();
  expect(code).toBe(1);
  expect(stderr).toContain('run "mailwagon init" first');
});
