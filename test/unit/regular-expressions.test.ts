/** No regular expression that sees what strangers wrote takes time with the square of it: each is tried on texts made of its own characters. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { LINEAR, measureGrowth } from '../support/growth.js';

const root = fileURLToPath(new URL('../../src', import.meta.url));
/** These read what the operator wrote. */
const OPERATORS = ['cli/', 'config/'];
/** Steep, but of what is bounded before: by file and how many characters there are at most. */
const BOUNDED: Readonly<Record<string, number>> = { 'api/event-query/filter-expression.ts': 1000 };
const SIZE = 2000;
/** ms for so short a text: a square takes several times that, a line a small part. */
const SUSPICIOUS = 2;

interface Found {
  where: string;
  source: string;
  flags: string;
}

function expressionsOf(path: string): Found[] {
  const file = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.ES2022, true);
  const found: Found[] = [];
  const visit = (node: ts.Node): void => {
    const [, source, flags] = ts.isRegularExpressionLiteral(node) ? (/^\/(.*)\/([a-z]*)$/s.exec(node.text) ?? []) : [];
    if (source !== undefined)
      found.push({ where: `${path}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`, source, flags: flags ?? '' });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** Characters that stand in it, and one of each class. */
function alphabetOf(source: string): string[] {
  const bare = source.replace(/\\u\{[0-9A-F]+\}|\\[pP]\{\w+\}|\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\(\?<\w+>|\\[a-zA-Z]/g, '');
  const classes: [RegExp, string][] = [
    [/\\d|0-9/, '1'],
    [/\\n|\\s/, '\n'],
    [/\\r/, '\r'],
    [/\\t|\\s/, '\t'],
    [/\\0|x00|u0000|Cc/, '\u0001'],
  ];
  return [...new Set([...' a', ...classes.flatMap(([name, one]) => (name.test(source) ? [one] : [])), ...bare])].slice(0, 16);
}

function textsFor(source: string): [before: string, pump: string, after: string][] {
  const alphabet = alphabetOf(source);
  const pairs = alphabet.flatMap((one) => alphabet.map((other) => one + other));
  return [
    ...[...alphabet, ...pairs].map((pump): [string, string, string] => ['', pump, 'x!\u0002']),
    ...alphabet.flatMap((before) => alphabet.map((pump): [string, string, string] => [before, pump, '\u0002'])),
  ];
}

/** The text on which it is not linear. */
async function steepOn({ source, flags }: Omit<Found, 'where'>): Promise<string | undefined> {
  const isOnce = flags.includes('y');
  const expression = new RegExp(source, isOnce || flags.includes('g') ? flags : `${flags}g`);
  const run = (text: string) => (isOnce ? expression.exec(text) : text.replace(expression, ''));
  for (const [before, pump, after] of textsFor(source)) {
    const make = (size: number) => before + pump.repeat(size / pump.length) + after;
    const text = make(SIZE);
    const began = performance.now();
    run(text);
    if (performance.now() - began < SUSPICIOUS) continue;
    const { ratio } = await measureGrowth({ make, run, most: 12 * SIZE });
    if (ratio > LINEAR) return JSON.stringify(`${before}${pump.repeat(3)}…${after}`);
  }
  return undefined;
}

test.each([String.raw`\s*$`, String.raw`^(.*?)\s*(<\S*>)$`, '[ab]+c', 'a[^c]*b'])('/%s/ is found', async (source) => {
  expect(await steepOn({ source, flags: '' })).toBeDefined();
});

test('every one is linear', { timeout: 120_000 }, async () => {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  const expressions = files.filter((path) => !OPERATORS.some((folder) => path.startsWith(folder))).flatMap(expressionsOf);
  expect(expressions.length).toBeGreaterThan(150);
  const steep: string[] = [];
  for (const found of expressions) {
    const text = await steepOn(found);
    if (text !== undefined) steep.push(`${found.where} /${found.source}/ on ${text}`);
  }
  const isBounded = (where: string) => Object.keys(BOUNDED).some((file) => where.startsWith(`${file}:`));
  expect(steep.filter((where) => !isBounded(where))).toEqual([]);
});
