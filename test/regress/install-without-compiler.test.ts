/** `npm ci --omit=dev` in a clone ended with "tsc: not found"; it keeps what was built, or says in one line what to do. */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { tempDir } from '../support/temp-dir.mjs';

const build = fileURLToPath(new URL('../../config/build', import.meta.url));

it('says what to do, and nothing once it was built', () => {
  // Nothing above a temporary folder has a compiler.
  const { path, cleanup } = tempDir('mailwagon-bare-');
  try {
    cpSync(build, join(path, 'config', 'build'), { recursive: true });
    writeFileSync(
      join(path, 'package.json'),
      JSON.stringify({ type: 'module', scripts: { build: 'node config/build/need-compiler.mjs && tsc' } }),
    );
    const prepare = () => spawnSync(process.execPath, ['config/build/prepare.mjs'], { cwd: path, encoding: 'utf8' });
    const bare = prepare();
    expect(bare.stderr.trim().split('\n')[0]).toBe(
      'Mailwagon cannot be built here: its compiler is a development dependency. Run "npm ci && npm prune --omit=dev" instead.',
    );
    expect(bare.stderr + bare.stdout).not.toContain('not found');
    expect(bare.status).not.toBe(0);
    mkdirSync(join(path, 'dist', 'cli'), { recursive: true });
    writeFileSync(join(path, 'dist', 'cli', 'index.js'), '');
    expect(prepare()).toMatchObject({ status: 0, stdout: 'Mailwagon stays as it was built: the compiler is not installed.\n', stderr: '' });
  } finally {
    cleanup();
  }
});
