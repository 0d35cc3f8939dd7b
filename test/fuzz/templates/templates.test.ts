/** Hostile templates: whatever the source, it is refused with a reason or rendered within its limits, and gives what the library gives where both can. */
import { readdirSync, readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import { describe, expect, it } from 'vitest';
import { compileTemplate, TemplateError, textOfHtml } from '#mail';
import { makeRandom, type Random } from '../mail/mutate.js';

const CORPUS = new URL('./corpus/', import.meta.url);
const corpus = readdirSync(CORPUS)
  .sort()
  .map((name): [string, string] => [name, readFileSync(new URL(name, CORPUS), 'utf8')]);
const MUTATIONS = Number(process.env.FUZZ_MUTATIONS ?? 250);

const TOKENS = [
  ...[
    '{{',
    '}}',
    '{{{',
    '}}}',
    '{{{{',
    '~',
    '\\',
    '\\\\',
    '"',
    "'",
    '[',
    ']',
    '|',
    ' as |x|',
    '../',
    '@',
    './',
    '=',
    '\n',
    ' ',
    '\u2028',
    'é',
  ],
  ...[
    '{{#if a}}',
    '{{/if}}',
    '{{else}}',
    '{{else if b}}',
    '{{^}}',
    '{{#each a}}',
    '{{/each}}',
    '{{#with a}}',
    '{{/with}}',
    '{{#equal a b}}',
  ],
  ...['{{!--', '--}}', '{{!', '{{> a}}', '(', ')', '{{this}}', 'constructor', '__proto__', '{{#unless x}}', '{{/unless}}', '{{a}}'],
  ...['{{#if a}}'.repeat(60), ' '.repeat(1000), '\n'.repeat(1000), 'a.'.repeat(500)],
];

function mutate(source: string, random: Random): string {
  let text = source;
  for (let count = 1 + Math.floor(random() * 5); count > 0; count--) {
    const at = Math.floor(random() * (text.length + 1));
    const to = Math.min(text.length, at + Math.floor(random() * 40));
    const kind = random();
    if (kind < 0.6) text = text.slice(0, at) + (TOKENS[Math.floor(random() * TOKENS.length)] ?? '') + text.slice(at);
    else if (kind < 0.8) text = text.slice(0, at) + text.slice(to);
    else text = text.slice(0, to) + text.slice(at);
  }
  return text;
}

const VARIABLES = {
  a: [1, '<b>', { c: [true, null] }, 'x'.repeat(100)],
  b: { a: 'text', 'odd name': 0 },
  name: "O'Neil",
  items: [{ name: 'n', price: 1.5, raw: '<i>' }, { name: '' }],
  order: { id: 7 },
  customer: { firstName: 'Ann' },
  plan: 'pro',
};
const EQUAL_AS_OURS = {
  helpers: {
    equal(this: unknown, one: unknown, other: unknown, options: Handlebars.HelperOptions) {
      const textOf = (value: unknown) => (value === null || value === undefined ? '' : String(value));
      return textOf(one) === textOf(other) ? options.fn(this) : options.inverse(this);
    },
  },
};

function rendered(source: string): { text: string } | { refused: string } {
  try {
    return { text: compileTemplate(source).render(VARIABLES) };
  } catch (error) {
    if (error instanceof TemplateError) return { refused: error.message };
    throw error;
  }
}

/** Undefined for `{{if}}` and the like, which it calls and we look up, and where it runs out of stack. */
function byLibrary(source: string): string | undefined {
  try {
    return Handlebars.compile(source)(VARIABLES, EQUAL_AS_OURS);
  } catch (error) {
    if (error instanceof RangeError || /requires exactly one argument|Must pass iterator/.test(String(error))) return undefined;
    throw error;
  }
}

describe.each(corpus)('%s', (name, source) => {
  it('is refused with a reason or rendered, as the library renders it', () => {
    const random = makeRandom(20_261);
    let compared = 0;
    for (let count = 0; count < MUTATIONS; count++) {
      const mutation = mutate(source, random);
      const result = rendered(mutation);
      if ('refused' in result) {
        expect(result.refused).toMatch(/^[^\n]{5,400}$/);
        continue;
      }
      expect(result.text.length).toBeLessThanOrEqual(1024 * 1024);
      expect(textOfHtml(result.text).length).toBeLessThanOrEqual(4 * 1024 * 1024);
      const expected = byLibrary(mutation);
      if (expected !== undefined) expect(result.text).toBe(expected);
      if (expected !== undefined) compared++;
    }
    // Nothing of what is off can be rendered.
    if (name !== 'off.hbs') expect(compared).toBeGreaterThan(0);
  });
});
