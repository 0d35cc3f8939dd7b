/**
 * Runs `mailwagon` on every file of this folder. The comments at a file's head say what must come of it: `command:` (config unless given),
 * `expect:` texts that standard error holds, `never:` texts that no output holds. @DIR@ is the file's folder, @TAKEN_PORT@ a port in use.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tempDir } from '../support/temp-dir.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));
const program = fileURLToPath(new URL('../../bin/mailwagon', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

const occupant = createServer();
beforeAll(async () => {
  occupant.listen(0, '127.0.0.1');
  await once(occupant, 'listening');
});
afterAll(() => occupant.close());

const marks = (content: string, name: string) =>
  [...content.matchAll(new RegExp(`^# ${name}: (.*)$`, 'gm'))].map((match) => match[1] as string);

async function run(args: string[], cwd: string) {
  const child = spawn(process.execPath, [program, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { out, err, code };
}

describe('a broken configuration is refused with the message that mends it', () => {
  it.each(files)('%s', async (name) => {
    const { path, cleanup } = tempDir('mailwagon-bad-config-');
    const dir = realpathSync(path);
    try {
      const { port } = occupant.address() as AddressInfo;
      const content = readFileSync(join(folder, name), 'utf8').replaceAll('@DIR@', dir).replaceAll('@TAKEN_PORT@', String(port));
      writeFileSync(join(dir, 'config.yaml'), content);
      const [command = 'config'] = marks(content, 'command');

      const { out, err, code } = await run([...command.split(' '), '--config', 'config.yaml'], dir);

      expect(marks(content, 'expect').length).toBeGreaterThan(0);
      for (const expected of marks(content, 'expect')) expect(err).toContain(expected);
      for (const secret of marks(content, 'never')) expect(out + err).not.toContain(secret);
      expect(err).not.toMatch(/^\s+at /m);
      expect(code).toBe(1);
    } finally {
      cleanup();
    }
  });
});
