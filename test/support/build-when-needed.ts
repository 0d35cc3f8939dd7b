/** Builds before tests of the built output when something that goes into it was changed since. */
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = ['src', 'config/build', 'tsconfig.json', 'package.json'];
/** What the last step of a build writes. */
const LAST = 'dist/man/mailwagon.1';

const changedAt = (path: string): number => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

const filesOf = (path: string): string[] =>
  statSync(join(root, path)).isDirectory()
    ? readdirSync(join(root, path), { recursive: true, encoding: 'utf8' }).map((name) => join(path, name))
    : [path];

export function setup(): void {
  const built = changedAt(LAST);
  if (SOURCES.flatMap(filesOf).every((path) => changedAt(path) <= built)) return;
  const { status } = spawnSync('npm', ['run', '-s', 'build'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('the build failed, so there is nothing to test');
}
