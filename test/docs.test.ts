/** What the pages name is there: files, links, pages and rooms. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { RANK } from './support/layering-rules.js';
import { anchorsOf, linksOf, pathsOf } from './support/page-names.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pagesIn = (folder: string) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);
const decisions = pagesIn('docs/decisions');
const pages = ['README.md', 'src/README.md', ...pagesIn('docs'), ...decisions];

describe.each(pages)('%s', (page) => {
  const text = read(page);

  test('names files and folders that are there', () => {
    // The map is about src/, and names its files from there.
    const places = page === 'src/README.md' ? [root, join(root, 'src')] : [root];
    expect(pathsOf(text).filter((path) => !places.some((place) => existsSync(join(place, path))))).toEqual([]);
  });

  test('links to what is there', () => {
    const broken = linksOf(text).filter(({ path, anchor }) => {
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

test('every decision is in the index, by its name', () => {
  const linked = linksOf(read('docs/decisions/README.md')).map(({ path }) => `docs/decisions/${path}`);
  expect(linked).toEqual(decisions.filter((page) => !page.endsWith('/README.md')));
});

test('every decision has a number of its own, in its name and its title', () => {
  const titles = decisions.filter((page) => !page.endsWith('/README.md')).map((page) => /^# (\d+)\./.exec(read(page))?.[1]);
  expect(titles).toEqual(titles.map((_title, index) => String(index + 1)));
});

test('every page is linked from the front page', () => {
  const linked = linksOf(read('README.md')).map(({ path }) => path);
  expect(pagesIn('docs').filter((page) => !linked.includes(page))).toEqual([]);
});

test('the map has every room once, with its rank', () => {
  const rows = [...read('src/README.md').matchAll(/^\| `([a-z-]+)\/` \| (\d+) \|/gm)].map(([, room = '', rank = '']) => [
    room,
    Number(rank),
  ]);
  const rooms = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(rows.sort()).toEqual(rooms.map(({ name }) => [name, RANK[name]]).sort());
});

test('what is not there is found', () => {
  const page =
    'See `src/nowhere.ts` and `test/none/`, not `src/*/x.ts`.\n[a](b.md#c-d) [e](#f) [g](https://h.test/i) ![j](k.png)\n```\n[l](m)\n```\n';
  expect(pathsOf(page)).toEqual(['src/nowhere.ts', 'test/none/']);
  expect(linksOf(page)).toEqual([
    { path: 'b.md', anchor: 'c-d' },
    { path: '', anchor: 'f' },
    { path: 'k.png', anchor: undefined },
  ]);
  expect(anchorsOf('# One: `two`, (3)\n\n```sh\n# no heading\n```\n\n## Was ist, wenn …\n')).toEqual(['one-two-3', 'was-ist-wenn-']);
});
