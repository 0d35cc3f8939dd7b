/**
 * The package has what runs and no more. Reported: it shipped source maps, declarations and build info, and its pages had links that led
 * out of it.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { anchorsOf, linksOf } from '../support/page-names.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const read = (page: string) => readFileSync(join(project, page), 'utf8');
let files: string[];
beforeAll(() => {
  const out = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: project, encoding: 'utf8' });
  files = (JSON.parse(out) as { files: { path: string }[] }[])[0]?.files.map(({ path }) => path) ?? [];
});

describe('npm pack', () => {
  it('has what runs, and what is installed beside it', () => {
    for (const file of [
      'bin/mailwagon',
      'dist/app/index.js',
      'dist/cli/index.js',
      'dist/man/mailwagon.1',
      'dist/man/mailwagon-queue.1',
      'dist/store/engines/sqlite/migrations/spool/001-spool.sql',
      'config/mailwagon.example.yaml',
      'config/bounce-rules.yaml',
      'config/shaping.yaml',
      'systemd/mailwagon.service',
      'docs/install.md',
      'docs/troubleshooting.md',
      'docs/migrate-from-mailgun.md',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
    ])
      expect(files).toContain(file);
  });

  it('has no maps, declarations, build info, sources, tests or tools of the build', () => {
    const strange = files.filter((file) => /\.(?:map|tsbuildinfo|tgz)$|\.d\.ts$|(?:^|\/)(?:src|test|build|\.ci)\//.test(file));
    expect(strange).toEqual([]);
    const known =
      /^(?:bin\/mailwagon|dist\/.+\.(?:js|sql|1)|config\/[a-z.-]+\.yaml|systemd\/[a-z.]+|docs\/.+\.md|package\.json|[A-Z]+(?:\.md)?)$/;
    expect(files.filter((file) => !known.test(file))).toEqual([]);
  });

  it('has every file that its code reads beside itself', () => {
    const own = new Set(files);
    const missing = files
      .filter((file) => file.endsWith('.js'))
      .flatMap((file) =>
        [...readFileSync(join(project, file), 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map((match) =>
          normalize(join(dirname(file), match[1] ?? '')),
        ),
      )
      .filter((file) => !own.has(file));
    expect(missing).toEqual([]);
  });
});

it('the links of its pages lead to files and headings that are in it', () => {
  const broken = files
    .filter((file) => file.endsWith('.md'))
    .flatMap((page) =>
      linksOf(read(page)).flatMap(({ path, anchor }) => {
        const target = path === '' ? page : normalize(join(dirname(page), path));
        const isThere = files.includes(target) && (anchor === undefined || anchorsOf(read(target)).includes(anchor));
        return isThere ? [] : [`${page}: ${path}${anchor === undefined ? '' : `#${anchor}`}`];
      }),
    );
  expect(broken).toEqual([]);
});
