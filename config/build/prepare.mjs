/** What npm runs after it has installed a clone: builds, unless that was done before and the compiler is left out now (`npm ci --omit=dev`). */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { hasCompiler } from './need-compiler.mjs';

if (!hasCompiler && existsSync(new URL('../../dist/cli/index.js', import.meta.url))) {
  console.log('Mailwagon stays as it was built: the compiler is not installed.');
} else {
  process.exitCode = spawnSync('npm', ['run', '-s', 'build'], { stdio: 'inherit' }).status ?? 1;
}
