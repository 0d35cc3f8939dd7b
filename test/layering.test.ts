/** Every source file keeps the rules of the layout (DESIGN.md section 3), tests name what they test alike, and every rule is able to fail. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { checkCircles, checkFile, checkNames, checkRooms, packagesOf, RANK } from './support/layering-rules.js';
import { checkTestImports, facesOf } from './support/test-import-rules.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => `src/${name}`);

const sources = files.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

const tests = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.m?[jt]s$/.test(name))
  .map((name) => ({ path: `test/${name}`, text: readFileSync(join(root, 'test', name), 'utf8') }));

test('every file of src keeps the rules', () => {
  expect(sources.length).toBeGreaterThan(100);
  expect(sources.flatMap(checkFile).join('\n')).toBe('');
});

test('no files of src need each other', () => {
  expect(checkCircles(sources).join('\n')).toBe('');
});

test('a circle of files is found, types and all', () => {
  const circle = [
    { path: 'src/mail/a.ts', text: "import { b } from './b/b.js';" },
    { path: 'src/mail/b/b.ts', text: "import { c } from '../c.js';" },
    { path: 'src/mail/c.ts', text: "import type { A } from './a.js';" },
    { path: 'src/mail/d.ts', text: "import type { A } from './a.js';" },
  ];
  expect(checkCircles(circle)).toEqual([
    expect.stringMatching(
      /^src\/mail\/a\.ts -> src\/mail\/b\/b\.ts -> src\/mail\/c\.ts -> src\/mail\/a\.ts: R1: these files need each other/,
    ),
  ]);
  expect(checkCircles(circle.slice(1))).toEqual([]);
});

test('no exported name stands in two rooms', () => {
  expect(checkNames(sources).join('\n')).toBe('');
});

test('a name that stands in two rooms is found, however it is declared', () => {
  const one =
    'export interface Path {}\nexport const [first, { second }] = f();\nexport async function* run() {}\nexport type { Left as Right };';
  const other = 'export class Path {}\nexport const second = 1;\nexport { run };\nexport enum Right {}';
  const found = checkNames([
    { path: 'src/smtp/a.ts', text: one },
    { path: 'src/delivery/paths/b.ts', text: other },
  ]);
  expect(found).toHaveLength(4);
  expect(found[0]).toMatch(
    /^src\/smtp\/a\.ts and src\/delivery\/paths\/b\.ts: R1: 'Path' stands in two rooms: one name means one thing; rename/,
  );
  expect(found.join('\n')).toMatch(/'second'[\s\S]*'run'[\s\S]*'Right'/);
});

test('a folder of a folder is a room of its own, and a name passed on or used twice in one room is no second one', () => {
  const path = 'export interface Path {}';
  expect(
    checkNames([
      { path: 'src/mail/a.ts', text: path },
      { path: 'src/mail/head/b.ts', text: path },
    ]),
  ).toHaveLength(1);
  expect(
    checkNames([
      { path: 'src/mail/a.ts', text: `${path}\nexport function run(): void;\nexport function run(x?: number): void {}` },
      { path: 'src/mail/b.ts', text: path },
      { path: 'src/mail/index.ts', text: "export { run } from './a.js';\nexport type { Path } from './a.js';" },
      { path: 'src/smtp/c.ts', text: "export { run } from '#mail';\ninterface Path {}" },
    ]),
  ).toEqual([]);
});

test('no room has more than 20 files or 2,500 lines', () => {
  expect(checkRooms(sources).join('\n')).toBe('');
});

test('a room that is too large is found, by its files and by its lines', () => {
  const room = (folder: string, count: number, lines: number) =>
    Array.from({ length: count }, (_, index) => ({ path: `${folder}/${index}.ts`, text: 'export type X = 1;\n'.repeat(lines) }));
  expect(checkRooms([...room('src/mail', 20, 125), ...room('src/mail/head', 20, 125)])).toEqual([]);
  expect(checkRooms(room('src/mail/head', 21, 1))).toEqual([
    expect.stringMatching(/^src\/mail\/head\/: R1: 21 files and 21 lines: a room has at most/),
  ]);
  expect(checkRooms(room('src/mail', 6, 417))).toEqual([
    expect.stringMatching(/^src\/mail\/: R1: 6 files and 2502 lines: .*; divide it into folders/),
  ]);
});

test('the program installs the packages it loads and no others', () => {
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(packagesOf(sources)).toEqual(Object.keys(dependencies).sort());
});

test('a type is no reason to install a package, a value is', () => {
  const text =
    "import type { A } from 'a';\nimport { b } from '@b/c/d.js';\nimport { x } from 'node:fs';\nexport const f = () => import('e/f');";
  expect(packagesOf([{ path: 'src/mail/a.ts', text }])).toEqual(['@b/c', 'e']);
});

test('every file that the map names is there', () => {
  const map = readFileSync(join(root, 'src/README.md'), 'utf8');
  const named = [...map.matchAll(/`([^`\s]+\/[^`\s]+\.ts)`/g)].map(([, path = '']) => path);
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((path) => ![join(root, 'src', path), join(root, path)].some((file) => existsSync(file)))).toEqual([]);
});

test('every folder of src has an index.ts', () => {
  const folders = new Set(files.map((path) => path.split('/')).flatMap(([, folder, file]) => (file === undefined ? [] : [folder])));
  const without = [...folders].filter((folder) => !files.includes(`src/${folder}/index.ts`));
  expect(without).toEqual([]);
  expect([...folders].filter((folder) => RANK[folder ?? ''] === undefined)).toEqual([]);
});

describe('a rule is broken by', () => {
  const broken: [what: string, path: string, text: string, message: RegExp][] = [
    [
      'a folder of higher rank',
      'src/queue/a.ts',
      "import { x } from '#delivery';",
      /R1: queue\/ \(rank 5\) may not import '#delivery' \(rank 6\): move/,
    ],
    [
      'a folder of equal rank',
      'src/intake/a.ts',
      "import { x } from '#delivery';",
      /R1: intake\/ \(rank 6\) may not import '#delivery' \(rank 6\)/,
    ],
    ['its own alias', 'src/queue/a.ts', "import { x } from '#queue';", /R1/],
    ['a type of higher rank', 'src/queue/a.ts', "import type { X } from '#api';", /R1/],
    ['an import type of higher rank', 'src/queue/a.ts', "export type X = import('#api').Y;", /R1/],
    ['a dynamic import of higher rank', 'src/queue/a.ts', "export const f = () => import('#api');", /R1/],
    ['a re-export of higher rank', 'src/queue/a.ts', "export { x } from '#api';", /R1/],
    [
      'a deep alias',
      'src/queue/a.ts',
      "import { x } from '#store/sqlite';",
      /R1: '#store\/sqlite' reaches into store\/: let src\/store\/index.ts/,
    ],
    ['a relative path out of the folder', 'src/queue/a.ts', "import { x } from '../store/index.js';", /R1: .* import from '#store'/],
    ['a folder without a rank', 'src/stuff/a.ts', 'export const x = 1;', /R1: folder "stuff" has no rank/],
    ['a file beside the folders', 'src/a.ts', 'export const x = 1;', /R1: a\.ts stands in no folder/],
    [
      'the composition used from below',
      'src/api/a.ts',
      "import { startApp } from '#app';",
      /R1: api\/ \(rank 8\) may not import '#app' \(rank 9\)/,
    ],
    [
      'a library away from home',
      'src/api/a.ts',
      "import Database from 'better-sqlite3';",
      /R2: 'better-sqlite3' is used in src\/store\/engines\/sqlite\/ only/,
    ],
    [
      "the SMTP client in the codecs' folder",
      'src/mail/a.ts',
      "import S from 'nodemailer/lib/smtp-connection';",
      /R2: .* src\/smtp-client\/ only/,
    ],
    ['the MIME functions in delivery', 'src/delivery/a.ts', "import A from 'nodemailer/lib/mime-funcs';", /R2: .* src\/mail\/ only/],
    ['a composer that is not ours', 'src/mail/a.ts', "import M from 'nodemailer/lib/mail-composer';", /R2: .* has no home/],
    ['a library without a home', 'src/api/a.ts', "import x from 'left-pad';", /R2: 'left-pad' has no home/],
    ['the value of pino', 'src/queue/a.ts', "import { pino } from 'pino';", /R2: 'pino'/],
    ['the environment', 'src/api/a.ts', 'export const f = () => process.env.HOME;', /R2: process\.env belongs in src\/config\/load\.ts/],
    ['the wall clock', 'src/api/a.ts', 'export const f = () => Date.now();', /R2: Date\.now belongs in src\/core\//],
    ['the date of today', 'src/api/a.ts', 'export const f = () => new Date();', /R2: new Date\(\) belongs in src\/core\//],
    ['chance', 'src/api/a.ts', 'export const f = () => Math.random();', /R2: Math\.random/],
    ['the monotonic clock', 'src/api/a.ts', 'export const f = () => performance.now();', /R2: performance\.now/],
    [
      'a private member of a library',
      'src/smtp/a.ts',
      'export const f = (x: SMTPConnection) => x._socket;',
      /R2: '_socket' is a private member of a library: use it in src\/smtp\/server-adapter\.ts/,
    ],
    [
      'a private method that is replaced',
      'src/smtp/a.ts',
      'export class A extends B {\n  override handler_DATA() {}\n}',
      /R2: 'handler_DATA'/,
    ],
    ['a module-level let', 'src/api/a.ts', 'let count = 0;\nexport const f = () => count++;', /a\.ts:1: R3: a module-level variable/],
    ['an empty module-level map', 'src/api/a.ts', 'const cache = new Map<string, string>();', /R3: cache starts empty/],
    ['an effect of importing', 'src/api/a.ts', "register('x');", /a\.ts:1: R3: importing this file has an effect/],
    ['a long index', 'src/api/index.ts', `/** API. */\n${'export type X = 1;\n'.repeat(60)}`, /R4: 61 lines/],
    ['an index without its contract', 'src/api/index.ts', "export { x } from './x.js';", /R4: open with a comment/],
    ['an index that exports all', 'src/api/index.ts', "/** API. */\nexport * from './x.js';", /R4: .* hides what is exported/],
    ['a default export of an index', 'src/api/index.ts', '/** API. */\nexport default 1;', /R4: a default export/],
    ['a huge file', 'src/api/a.ts', 'export type X = 1;\n'.repeat(501), /501 lines, over 500/],
  ];

  test.each(broken)('%s', (_what, path, text, message) => {
    const problems = checkFile({ path, text });
    expect(problems.join('\n')).toMatch(message);
    expect(problems).toHaveLength(1);
  });
});

describe('no rule is broken by', () => {
  const fine: [what: string, path: string, text: string][] = [
    ['a folder of lower rank', 'src/queue/a.ts', "import { x } from '#store';"],
    ['its own folder', 'src/api/groups/a.ts', "import { x } from '../body/form.js';"],
    ['the command line that starts the app', 'src/cli/commands/a.ts', "export const f = () => import('#app');"],
    ['the composition', 'src/app/a.ts', "import { x } from '#api';\nimport { y } from './initialise.js';"],
    ['the type of pino', 'src/queue/a.ts', "import type { Logger } from 'pino';\nimport { type Level } from 'pino';"],
    ['a constant table', 'src/api/a.ts', 'const NAMES = new Set(["a"]);\nexport const f = (x: string) => NAMES.has(x);'],
    ['a date of a known time', 'src/api/a.ts', 'export const f = (ms: number) => new Date(ms);'],
    ['a stream', 'src/mail/a.ts', 'export class A extends Readable {\n  override _read() {}\n}'],
    ['a worker thread', 'src/store/engines/sqlite/threads/writer-thread.ts', 'run();'],
  ];

  test.each(fine)('%s', (_what, path, text) => {
    expect(checkFile({ path, text })).toEqual([]);
  });
});

describe('tests name what they test by the face of its room:', () => {
  const faces = facesOf(sources);
  const check = (text: string) => checkTestImports({ path: 'test/unit/core/clock.test.ts', text }, faces);

  test('every one does', () => {
    expect(tests.length).toBeGreaterThan(300);
    expect(tests.flatMap((source) => checkTestImports(source, faces)).join('\n')).toBe('');
  });

  test.each([
    ["import { x } from '../../../dist/core/index.js';", /^test\/unit\/core\/clock\.test\.ts: .*: import '#core', which/],
    ["import type { X } from '../../../src/core/a/b.js';", /import '#core\/a\/b\.js', which/],
    ["import { x } from '../../../src/core/a/b.ts';", /import '#core\/a\/b\.js', which/],
    ["const { x } = await import('../../../dist/core/b.js');", /import '#core\/b\.js', which/],
    ["import { x, Refusal, type Clock } from '#core/a/b.js';", /import Refusal, Clock from '#core', whose face exports it/],
    ["import { Refusal as R } from '#core/errors.js';", /import Refusal from '#core', whose face exports it/],
  ])('%s is wrong', (text, problem) => {
    expect(check(text)).toEqual([expect.stringMatching(problem)]);
  });

  test.each([
    "import { x } from '#core';",
    "import { notOfTheFace } from '#core/a/b.js';",
    "import { systemClock } from '#core/clock.js';",
    "import { x } from '../../support/src/b.js';",
  ])('%s is right', (text) => {
    expect(check(text)).toEqual([]);
  });
});
