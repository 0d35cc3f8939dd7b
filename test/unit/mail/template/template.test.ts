/** Templates beyond the manual's examples: the same results as the library's own, nothing reachable but variables, and every limit. */
import Handlebars from 'handlebars';
import { describe, expect, test } from 'vitest';
import { compileTemplate, TemplateError } from '#mail';

const render = (source: string, variables: Record<string, unknown> = {}): string => compileTemplate(source).render(variables);

describe('renders as the library does', () => {
  const variables = {
    a: 'A & <b> "c" \'d\' `e` = f',
    empty: '',
    zero: 0,
    no: false,
    yes: true,
    nothing: null,
    number: 12.5,
    list: ['x', 'y', 'z'],
    none: [],
    nested: [
      [1, 2],
      [3, [4]],
    ],
    map: { one: 1, two: { three: 3 } },
    deep: { er: { est: { name: 'deepest' } } },
    'odd name': 'odd',
    people: [
      { name: 'Ann', tags: ['a', 'b'] },
      { name: 'Bob', tags: [] },
    ],
  };

  test.each([
    '{{a}} {{{a}}} {{&a}}',
    '[{{empty}}{{zero}}{{no}}{{yes}}{{nothing}}{{missing}}{{number}}]',
    '{{list}} {{nested}} {{map}} {{list.length}} {{a.length}} {{list.[2]}}',
    '{{[odd name]}} {{deep.er.est.name}} {{deep/er/est/name}} {{this.a}} {{./number}} {{deep.missing.name}}',
    '{{#if zero}}yes{{else}}no{{/if}} {{#if zero includeZero=true}}yes{{/if}} {{#unless zero}}no{{/unless}}',
    '{{#if none}}1{{else if map}}2{{else}}3{{/if}}{{#if empty}}{{^}}4{{/if}}{{^if empty}}5{{/if}}{{^if yes}}6{{else}}7{{/if}}',
    '{{#each list}}{{@index}}:{{@key}}:{{this}}:{{@first}}:{{@last}};{{/each}}',
    '{{#each map}}{{@key}}={{this}} {{@index}} {{@first}} {{@last}};{{/each}}',
    '{{#each none}}some{{else}}none{{/each}}{{#each missing}}some{{else}}none{{/each}}{{#each a}}some{{else}}none{{/each}}',
    '{{#each people}}{{name}} {{../number}} {{@root.number}}{{#each tags}} {{this}} {{../name}} {{../../number}} {{@../index}}{{/each}};{{/each}}',
    '{{#each people}}{{#if name}}{{../number}}{{/if}}{{#with tags}}{{../name}}{{length}}{{/with}}{{/each}}',
    '{{#each people as |person i|}}{{i}} {{person.name}} {{name}} {{#each person.tags as |tag j|}}{{person.name}}{{i}}{{j}}{{tag}}{{/each}}{{/each}}',
    '{{#with deep.er as |x|}}{{x.est.name}} {{est.name}} {{this.x}}{{/with}}{{#with missing}}a{{else}}b{{/with}}{{#with zero}}c{{this}}{{/with}}',
    '{{#each list}}{{#unless @first}}, {{/unless}}{{this}}{{/each}}',
    '{{! a comment }}a{{!-- another {{#if}} --}}b \\{{a}} \\\\{{number}} \\{{{{number}}',
    'x\n  {{#if yes}}\n  y\n  {{else}}\n  z\n  {{/if}}\nend',
    'x\n  {{#each list}}\n  {{this}}\n  {{/each}}\n{{! alone }}\nend',
    'a  {{~number~}}  b {{#if yes~}} \n c \n {{~/if}} d',
    '{{12}} {{"odd name"}} {{true}}',
    '{{#with "text"}}{{this}}{{length}}{{/with}}{{#if "x"}}{{@root.number}}{{/if}}',
    '{{..}}{{../a}}{{../../a}}{{@missing}}{{@root.missing.x}}',
  ])('%s', (source) => {
    expect(render(source, variables)).toBe(Handlebars.compile(source)(variables));
  });

  test('text kind leaves values as they are', () => {
    expect(compileTemplate('Hello {{name}}', 'text').render({ name: "O'Neil & <sons>" })).toBe("Hello O'Neil & <sons>");
  });

  test('lets a header field do less than a body, because a batch renders it for each recipient', () => {
    const source = '{{#each list}}{{#each ../list}}{{/each}}{{/each}}';
    const variables = { list: Array.from({ length: 100 }, () => 1) };
    expect(compileTemplate(source).render(variables)).toBe('');
    expect(() => compileTemplate(source, 'text').render(variables)).toThrow('the template does too much');
    expect(compileTemplate('{{#each list}}{{this}}{{/each}}', 'text').render(variables)).toBe('1'.repeat(100));
  });
});

describe('refuses with the line', () => {
  test.each([
    ['a\n{{#if x}}', 'line 2: syntax error, unexpected end of the template'],
    ['{{#if x}}\n{{/each}}', "line 1: if doesn't match each"],
    ['\n\n{{name', 'line 3: syntax error, unexpected character'],
    ['{{}}', "line 1: syntax error, unexpected '}}'"],
    ['{{#upper name}}{{/upper}}', "line 1: unknown helper 'upper': there are if, unless, each, with and equal"],
    ['{{#name}}x{{/name}}', "line 1: unknown helper 'name': there are if, unless, each, with and equal"],
    ['{{upper name}}', "line 1: unknown helper 'upper': there are if, unless, each, with and equal"],
    ['{{lookup a b}}', "line 1: unknown helper 'lookup': there are if, unless, each, with and equal"],
    ['{{log "x"}}', "line 1: unknown helper 'log': there are if, unless, each, with and equal"],
    ['{{helperMissing "x"}}', "line 1: unknown helper 'helperMissing': there are if, unless, each, with and equal"],
    ['{{#blockHelperMissing x}}{{/blockHelperMissing}}', "line 1: unknown helper 'blockHelperMissing'"],
    ['{{name x=1}}', "line 1: unknown helper 'name'"],
    ['{{if x}}', "line 1: 'if' is a block: write {{#if …}}…{{/if}}"],
    ['{{#if}}{{/if}}', "line 1: 'if' needs one argument, not 0"],
    ['{{#equal a}}{{/equal}}', "line 1: 'equal' needs 2 arguments, not 1"],
    ['{{#each a b}}{{/each}}', "line 1: 'each' needs one argument, not 2"],
    ['{{#each a x=1}}{{/each}}', "line 1: 'each' does not take 'x='"],
    ['{{#if a includeZero=b}}{{/if}}', "line 1: 'if' does not take 'includeZero='"],
    ['{{#if (equal a b)}}{{/if}}', 'line 1: helpers within an expression are not supported'],
    ['{{(lookup . "x")}}', 'line 1:'],
    ['{{> header}}', 'line 1: partials ({{> name}}) are not supported'],
    ['{{#> layout}}x{{/layout}}', 'line 1: partials ({{#> name}}) are not supported'],
    ['{{#*inline "x"}}y{{/inline}}', 'line 1: inline partials ({{#*inline}}) are not supported'],
    ['{{* decorator}}', 'line 1: decorators ({{* name}}) are not supported'],
    ['a\n{{{{raw}}}} {{x}} {{{{/raw}}}}', 'line 2: raw blocks ({{{{name}}}}) are not supported'],
    ['{{a/../b}}', 'line 1: Invalid path: a/..'],
  ])('%j', (source, text) => {
    expect(() => compileTemplate(source)).toThrow(TemplateError);
    expect(() => compileTemplate(source)).toThrow(text);
  });
});

describe('reaches nothing but variables', () => {
  test.each([
    '{{constructor}}',
    '{{__proto__}}',
    '{{constructor.name}}',
    '{{constructor.constructor}}',
    '{{list.constructor}}',
    '{{text.constructor.name}}',
    '{{toString}}',
    '{{hasOwnProperty}}',
    '{{list.map}}',
    '{{__defineGetter__}}',
    '{{this.__proto__.polluted}}',
    '{{@root.constructor}}',
    '{{@constructor}}',
    '{{@__proto__.x}}',
    '{{#with constructor}}x{{/with}}',
    '{{#with __proto__}}x{{/with}}',
    '{{#each __proto__}}x{{/each}}',
    '{{#each list as |constructor|}}{{constructor.constructor}}{{/each}}',
    '{{#equal constructor "function Object() { [native code] }"}}x{{/equal}}',
    '{{process}}{{global}}{{globalThis}}{{require}}',
  ])('%s', (source) => {
    expect(render(source, { list: [1], text: 'x' })).toBe('');
  });

  test('variables that are called like the prototype are just variables', () => {
    expect(render('{{__proto__.x}} {{constructor}}', JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}'))).toBe('1 2');
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

describe('limits', () => {
  const times = (count: number, text: string) => text.repeat(count);

  test.each([
    ['source', 'a'.repeat(128 * 1024 + 1), 'at most 131072 characters'],
    ['tags', times(3001, '{{a}}'), 'at most 3000 tags'],
    ['names in a tag', `{{${times(17_000, 'a.')}a}}`, 'at most 32768 characters together'],
    ['nested blocks', times(101, '{{#if a}}') + times(101, '{{/if}}'), 'nested more than 100 deep'],
    ['else if', `{{#if a}}${times(101, '{{else if a}}')}{{/if}}`, 'nested more than 100 deep'],
    ['inverse blocks', times(101, '{{^if a}}') + times(101, '{{/if}}'), 'nested more than 100 deep'],
    ['ends in comments', times(101, '{{#if a}}{{!--{{/if}}--}}') + times(101, '{{/if}}'), 'nested more than 100 deep'],
    ['ends in short comments', times(101, '{{#if a}}{{! {{/if }}') + times(101, '{{/if}}'), 'nested more than 100 deep'],
    ['escaped ends', times(101, '{{#if a}}\\{{/if}}') + times(101, '{{/if}}'), 'nested more than 100 deep'],
    ['quoted ends', times(101, '{{#if "{{/if}}"}}') + times(101, '{{/if}}'), 'nested more than 100 deep'],
    ['bracketed ends', times(101, '{{#if [{{/if}}]}}') + times(101, '{{/if}}'), 'nested more than 100 deep'],
  ])('%s', (_, source, text) => {
    expect(() => compileTemplate(source)).toThrow(text);
  });

  test('a hundred blocks within each other, and hundreds beside each other, are fine', () => {
    expect(render(`${times(100, '{{#if a}}')}x${times(100, '{{/if}}')}`, { a: 1 })).toBe('x');
    expect(render(times(500, '{{#if a}}x{{else}}y{{/if}}\\{{#if'), { a: 1 })).toBe(times(500, 'x{{#if'));
    expect(render(times(500, '{{!-- {{#if --}}{{! {{#if }}x'))).toBe(times(500, 'x'));
  });

  test.each([
    ['loops within loops', times(10, '{{#each @root.list}}') + times(10, '{{/each}}'), { list: Array(1000).fill(0) }],
    ['long texts compared', '{{#each list}}{{#equal ../a ../a}}{{/equal}}{{/each}}', { list: Array(5000).fill(0), a: 'x'.repeat(16_000) }],
    ['big lists written', times(3000, '{{a}}'), { a: Array(1000).fill(1) }],
    ['long paths', `{{#each list}}{{${times(1000, 'a.')}a}}{{/each}}`, { list: Array(1000).fill(0) }],
  ])('operations: %s', (_, source, variables) => {
    expect(() => render(source, variables)).toThrow('the template does too much');
  });

  test('output', () => {
    expect(() => render(times(80, '{{a}}'), { a: 'x'.repeat(16_000) })).toThrow('the result is longer than 1048576 characters');
    expect(() => render('{{a}}', { a: '&'.repeat(1024 * 300) })).toThrow('the result is longer');
  });

  test('lists in lists without end', () => {
    let list: unknown = 'x';
    for (let depth = 0; depth < 5000; depth++) list = [list];
    expect(() => render('{{list}}', { list })).toThrow('nested too deeply');
  });
});
