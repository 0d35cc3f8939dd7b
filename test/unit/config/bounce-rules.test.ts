import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBounceRules } from '#config';
import { patternProblem } from '#config/rules/rule-pattern.js';
import { tempDir } from '../../support/temp-dir.mjs';

let dir: string;
let cleanup: () => void;
beforeAll(() => {
  ({ path: dir, cleanup } = tempDir('mailwagon-rules-'));
});
afterAll(() => cleanup());

function load(text: string) {
  const file = join(dir, 'rules.yaml');
  writeFileSync(file, text);
  return loadBounceRules(file);
}

const RULE = `rules:
  - id: "ab01"
    text: [go away]
    category: policy
    severity: permanent
    short: Not wanted
    explanation: They said to go away.
    sample: "550 go away"
`;

describe("the operator's file", () => {
  const ours = loadBounceRules(null);

  it('comes before ours', () => {
    const { rules } = load(RULE);
    expect(rules).toHaveLength(ours.rules.length + 1);
    expect(rules[0]).toMatchObject({ id: 'ab01', scope: 'content', suppress: false, criticality: 'non-critical' });
  });

  it('replaces a rule of ours by its id', () => {
    const { rules } = load(RULE.replace('ab01', '2704'));
    expect(rules).toHaveLength(ours.rules.length);
    expect(rules.filter(({ id }) => id === '2704')).toMatchObject([{ category: 'policy' }]);
  });

  it('stands alone when it says so', () => {
    const { rules, sites } = load(`replace: true\nsites: { Mine: [example.com] }\n${RULE}`);
    expect(rules).toHaveLength(1);
    expect(sites).toEqual([{ name: 'Mine', suffixes: ['example.com'] }]);
  });

  it('may be empty', () => expect(load('')).toEqual(ours));

  it('leaves it to the category whether a 5xx is final', () => {
    const bare = RULE.replace('    severity: permanent\n', '');
    expect(load(bare).rules[0]).toMatchObject({ category: 'policy', severity: 'permanent' });
    expect(load(bare.replace('policy', 'rate-limited')).rules[0]).toMatchObject({ severity: 'temporary' });
    expect(load(RULE.replace('permanent', 'temporary')).rules[0]).toMatchObject({ category: 'policy', severity: 'temporary' });
  });
});

describe('a bad file', () => {
  const cases: [what: string, text: string, message: RegExp][] = [
    ['a misspelt key', RULE.replace('category', 'catgory'), /line 4, rules\[0\]\.catgory: unknown key; expected one of id, site/],
    ['an unknown category', RULE.replace('policy', 'rude'), /line 4, rules\[0\]\.category: "rude": expected one of invalid-recipient/],
    ['an id that is none', RULE.replace('"ab01"', 'xyz'), /line 2, rules\[0\]\.id: "xyz": expected 2 to 16 hexadecimal digits/],
    ['an id twice', RULE + RULE.replace('rules:\n', ''), /line 9, rules\[1\]\.id: "ab01" is taken by an earlier rule/],
    ['an unknown site', RULE.replace('text:', 'site: Nowhere\n    text:'), /line 3, rules\[0\]\.site: "Nowhere": expected one of Gmail/],
    [
      'a text in capitals',
      RULE.replace('go away', 'Go away'),
      /line 3, rules\[0\]\.text: a list: expected one or more texts of at least 4/,
    ],
    ['a short text', RULE.replace('go away', 'no'), /rules\[0\]\.text/],
    [
      'a slow pattern',
      RULE.replace('category', "pattern: '(?:a+)+'\n    category"),
      /line 4, rules\[0\]\.pattern: .*repetitions are bounded/,
    ],
    ['a pattern alone', RULE.replace('text: [go away]', "pattern: 'go'"), /rules\[0\]\.pattern: "go": expected text beside it/],
    ['a rule for everything', RULE.replace('    text: [go away]\n', ''), /rules\[0\]: a mapping: expected at least one of site, text/],
    [
      'an action that its severity forbids',
      RULE.replace('short', 'action: retry\n    short'),
      /rules\[0\]\.action: .*a permanent refusal is final/,
    ],
    [
      'a final refusal of what is tried again',
      RULE.replace('policy', 'rate-limited'),
      /line 5, rules\[0\]\.severity: "permanent": expected temporary, or none: what is rate-limited is tried again/,
    ],
    ['an action that is no more', RULE.replace('short', 'action: slow\n    short'), /rules\[0\]\.action: /],
    [
      'suppressing for policy',
      RULE.replace('short', 'suppress: true\n    short'),
      /rules\[0\]\.suppress: true: expected false: only permanent/,
    ],
    ['a sample that is no reply', RULE.replace('"550 go away"', 'go away'), /rules\[0\]\.sample: "go away": expected a reply/],
    ['no rules', 'rules: 7', /line 1, rules: 7: expected a list of rules/],
    ['not YAML', 'rules: [', /not valid YAML/],
  ];
  it.each(cases)('%s', (_what, text, message) => {
    expect(() => load(text)).toThrow(message);
  });

  it('that is not there', () =>
    expect(() => loadBounceRules(join(dir, 'none.yaml'))).toThrow(/cannot read .*none\.yaml: there is no such file/));
});

describe('patternProblem', () => {
  it.each([
    'go (?:far )?away',
    'a.{0,80}b.{0,40}c',
    'a.{0,80}b.{0,40}|c.{0,40}d',
    '(?:ab|cd|ef).{0,80}g',
    '^abc$',
    '[0-9]{3}',
    '(?:ab|cd){2} e',
    '\\(x\\)',
  ])('allows %s', (pattern) => {
    expect(patternProblem(pattern)).toBeUndefined();
  });

  it.each([
    ['a*', /bounded/],
    ['a+', /bounded/],
    ['a{2,}', /bounded/],
    ['(?:a{0,9}b){0,9}', /inside a repetition/],
    ['(?:(?:a?b)c){2}', /inside a repetition/],
    ['(a)\\1', /back references/],
    ['(?<n>a)', /named groups/],
    ['(?=a)', /look-around/],
    ['(?!a)', /look-around/],
    ['.{0,90}a.{0,90}', /fewer choices/],
    ['(?:.{0,60}a|.{0,60}b).{0,60}', /fewer choices/],
    ['Go', /lower case/],
    ['(', /can be read/],
    ['a'.repeat(501), /500 characters/],
  ] as const)('refuses %s', (pattern, problem) => {
    expect(patternProblem(pattern)).toMatch(problem);
  });
});
