import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, loadShaping } from '#config';
import { tempDir } from '../../support/temp-dir.mjs';

let dir: string;
let cleanup: () => void;
beforeAll(() => {
  ({ path: dir, cleanup } = tempDir('mailwagon-shaping-'));
});
afterAll(() => cleanup());

function load(text: string) {
  const file = join(dir, 'shaping.yaml');
  writeFileSync(file, text);
  return loadShaping(file);
}

const RULE = `responses:
  - id: "ab01"
    provider: Gmail
    text: [slow down please]
    threshold: 2/30m
    then: { connections: 1, messageRate: 5/min }
    for: 2h
    scope: path
    explanation: They asked nicely.
    sample: "421 slow down please"
`;

const ours = loadShaping(null);
const named = (rules: ReturnType<typeof loadShaping>, name: string) => rules.providers.find((provider) => provider.name === name);

describe("the operator's file", () => {
  it('changes only the keys it gives', () => {
    const rules = load('default: { connections: 3 }\nproviders:\n  - { name: Gmail, messagesPerConnection: 10 }\n');
    expect(rules.default).toEqual({ ...ours.default, connections: 3 });
    expect(named(rules, 'Gmail')).toEqual({
      name: 'Gmail',
      suffixes: ['google.com', 'googlemail.com'],
      limits: { providerConnections: 5, messagesPerConnection: 10, tls: 'encrypt' },
    });
    expect(rules.providers).toHaveLength(ours.providers.length);
  });

  it('replaces a provider when it says so, and adds others', () => {
    const rules = load(
      'providers:\n  - { name: Gmail, replace: true, mx: [google.com], connections: 1 }\n  - { name: Mine, mx: [.example.com], tls: verify }\n',
    );
    expect(named(rules, 'Gmail')).toEqual({ name: 'Gmail', suffixes: ['google.com'], limits: { connections: 1 } });
    expect(named(rules, 'Mine')).toEqual({ name: 'Mine', suffixes: ['example.com'], limits: { tls: 'verify' } });
  });

  it('puts its rules before ours, and in place of ours by id', () => {
    const rules = load(RULE);
    expect(rules.responses).toHaveLength(ours.responses.length + 1);
    expect(rules.responses[0]).toMatchObject({
      id: 'ab01',
      site: 'Gmail',
      threshold: { count: 2, perMs: 1_800_000 },
      change: { connections: 1, messageRate: { count: 5, perMs: 60_000 } },
      duration: 7_200_000,
    });
    expect(load(RULE.replace('ab01', 'a001')).responses).toHaveLength(ours.responses.length);
  });

  it('stands alone when it says so', () => {
    const rules = load('replace: true\nproviders: [{ name: Mine, mx: [example.com] }]\n');
    expect(rules).toEqual({
      default: { connections: 10, messagesPerConnection: 100, tls: 'may' },
      providers: [{ name: 'Mine', suffixes: ['example.com'], limits: {} }],
      responses: [],
    });
  });

  it('may be empty', () => expect(load('')).toEqual(ours));

  it('is named in the configuration, relative to its folder', () => {
    const file = join(dir, 'mailwagon.yaml');
    writeFileSync(file, 'shaping: { file: own/shaping.yaml }\nbounceRules: { file: /etc/bounces.yaml }\n');
    const { config } = loadConfig({ file, env: { noColor: true } });
    expect(config.shaping.file).toBe(join(dir, 'own/shaping.yaml'));
    expect(config.bounceRules.file).toBe('/etc/bounces.yaml');
    writeFileSync(file, 'shaping:\n  file: 7\n');
    expect(() => loadConfig({ file, env: { noColor: true } })).toThrow(
      /line 2, shaping\.file: 7: expected the path of a YAML file, or null/,
    );
  });
});

describe('a bad file', () => {
  const cases: [what: string, text: string, message: RegExp][] = [
    ['a misspelt limit', 'default: { conections: 3 }', /line 1, default\.conections: unknown key; expected one of connections/],
    [
      'a misspelt key of a provider',
      'providers:\n  - { name: Gmail, mxs: [] }',
      /line 2, providers\[0\]\.mxs: unknown key; expected one of name, mx/,
    ],
    ['no connections', 'default: { connections: 0 }', /default\.connections: 0: expected a whole number from 1 to 10000/],
    ['a rate without a time', 'default: { messageRate: 100 }', /default\.messageRate: 100: expected a rate such as 100\/min/],
    ['a rate of nothing', 'default: { messageRate: 0/s }', /default\.messageRate: "0\/s": expected a rate/],
    ['an unknown TLS level', 'default: { tls: always }', /default\.tls: "always": expected one of none, may, encrypt, verify/],
    ['a provider without hosts', 'providers: [{ name: Mine }]', /providers\[0\]\.mx: missing: expected a list of domains/],
    ['a provider twice', 'providers: [{ name: Gmail }, { name: Gmail }]', /providers\[1\]\.name: "Gmail" is there already/],
    ['a host that is none', 'providers: [{ name: A, mx: ["*.a"] }]', /providers\[0\]\.mx\[0\]: "\*\.a": expected a domain/],
    ['an unknown provider', RULE.replace('Gmail', 'Nobody'), /responses\[0\]\.provider: "Nobody": expected one of Gmail/],
    [
      'a threshold that is none',
      RULE.replace('2/30m', 'often'),
      /line 5, responses\[0\]\.threshold: "often": expected immediate, or a number/,
    ],
    [
      'nothing to do',
      RULE.replace('{ connections: 1, messageRate: 5/min }', '{}'),
      /responses\[0\]\.then: a mapping: expected at least one thing to do/,
    ],
    ['an unknown thing to do', RULE.replace('connections: 1', 'explode: true'), /responses\[0\]\.then\.explode: unknown key/],
    ['for ever', RULE.replace('2h', '30d'), /responses\[0\]\.for: "30d": expected a time of at most a week/],
    [
      'an unknown scope',
      RULE.replace('path', 'planet'),
      /responses\[0\]\.scope: "planet": expected one of path, tenant, domain, recipient/,
    ],
    ['connections of a customer', RULE.replace('path', 'tenant'), /responses\[0\]\.then: a mapping: expected only suspend/],
    [
      'counting replies about a mailbox',
      RULE.replace('path', 'recipient').replace('{ connections: 1, messageRate: 5/min }', '{ suspend: true }'),
      /responses\[0\]\.threshold: "2\/30m": expected immediate/,
    ],
    ['a code alone', RULE.replace('text: [slow down please]', 'code: 4xx'), /responses\[0\]: a mapping: expected text or enhanced/],
    ['an id twice', RULE + RULE.replace('responses:\n', ''), /responses\[1\]\.id: "ab01" is taken by an earlier rule/],
  ];
  it.each(cases)('%s', (_what, text, message) => {
    expect(() => load(text)).toThrow(message);
  });
});
