import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, explainConfig, loadConfig } from '#config';
import { KEY_PATHS, SOURCE_KEYS, TRANSPORT_KEYS } from '#config/schema/defaults.js';
import { tempDir } from '../../support/temp-dir.mjs';

const env = { noColor: true };
const example = fileURLToPath(new URL('../../../config/mailwagon.example.yaml', import.meta.url));

let dir: string;
let cleanup: () => void;
let before: string;

beforeEach(() => {
  before = process.cwd();
  const made = tempDir('mailwagon-config-');
  cleanup = made.cleanup;
  dir = realpathSync(made.path);
});
afterEach(() => {
  process.chdir(before);
  cleanup();
});

/** Writes a file into the test's folder and loads it. */
function load(text: string, name = 'config.yaml') {
  const file = join(dir, name);
  writeFileSync(file, text);
  return loadConfig({ file, env });
}

describe('loadConfig', () => {
  it('takes an empty file as all defaults, open to this machine only', () => {
    const { config, origins } = load('# nothing\n');
    const hosts = [...config.listen.smtp, ...config.listen.smtps, ...config.listen.http].map(({ host }) => host);
    expect(new Set(hosts)).toEqual(new Set(['127.0.0.1']));
    expect(config.listen.smtp.map(({ port }) => port)).toEqual([2525, 5870]);
    expect(config.listen.smtps.map(({ port }) => port)).toEqual([4650]);
    expect(config.listen.http.map(({ port }) => port)).toEqual([8080]);
    expect(config.limits.unverifiedDomainPerDay).toBe(300);
    expect(config.delivery).toMatchObject({ port: 25, sources: [], transports: [], allowPrivateNetworks: false });
    expect(config.tls).toEqual({ cert: null, key: null });
    expect([...origins.values()]).toEqual(KEY_PATHS.map(() => 'default'));
  });

  it('starts relative paths of a file at its folder and default paths at the working directory', () => {
    process.chdir(dir);
    mkdirSync(join(dir, 'etc'));
    const relative = load('dataDir: ../data\ntls: { cert: a.pem, key: /b.pem }\n', 'etc/config.yaml');
    expect(relative.config.dataDir).toBe(join(dir, 'data'));
    expect(relative.config.tls).toEqual({ cert: join(dir, 'etc/a.pem'), key: '/b.pem' });
    expect(load('', 'etc/config.yaml').config.dataDir).toBe(join(dir, 'data'));
  });

  it('finds ./mailwagon.yaml, and before it the file that the environment names', () => {
    process.chdir(dir);
    writeFileSync('mailwagon.yaml', 'hostname: here.example.com\n');
    writeFileSync('other.yaml', 'hostname: other.example.com\n');
    expect(loadConfig({ env }).config.hostname).toBe('here.example.com');
    expect(loadConfig({ env: { ...env, configFile: 'other.yaml' } }).config.hostname).toBe('other.example.com');
    expect(loadConfig({ file: 'mailwagon.yaml', env: { ...env, configFile: 'other.yaml' } }).file).toBe(join(dir, 'mailwagon.yaml'));
  });

  it('parses listeners, networks and transports into one form', () => {
    const { config } = load(`
hostname: Mail.Example.COM
listen: { smtp: [25, "[::1]:587", "localhost:0"], smtps: [], http: ["0.0.0.0:80"] }
trustedNetworks: [10.1.2.3, "2001:DB8::/32"]
delivery:
  transports:
    - { match: "*.Bücher.example", host: "[::1]", login: a, password: b }
    - { match: "*", host: smarthost.example }
`);
    expect(config.hostname).toBe('mail.example.com');
    expect(config.listen.smtp).toEqual([
      { host: '0.0.0.0', port: 25 },
      { host: '::1', port: 587 },
      { host: 'localhost', port: 0 },
    ]);
    expect(config.listen.smtps).toEqual([]);
    expect(config.trustedNetworks).toEqual(['10.1.2.3/32', '2001:db8::/32']);
    expect(config.delivery.transports).toEqual([
      { match: '*.xn--bcher-kva.example', when: 'always', host: '::1', port: 25, tls: 'may', login: 'a', password: 'b' },
      { match: '*', when: 'always', host: 'smarthost.example', port: 25, tls: 'may' },
    ]);
  });

  it('shows IPv6 sources in one form, so that they can be compared', () => {
    const { config } = load(`
delivery:
  sources:
    - { ipv4: 192.0.2.10, ipv6: "2001:DB8:0::0:10", ehlo: MTA1.example.com }
    - { ipv4: 192.0.2.11 }
`);
    expect(config.delivery.sources).toEqual([
      { ipv4: '192.0.2.10', ipv6: '2001:db8::10', ehlo: 'mta1.example.com' },
      { ipv4: '192.0.2.11' },
    ]);
  });

  it('takes a section whose keys are all commented out as its defaults', () => {
    expect(load('tls:\n  # cert: x\nlimits:\n').config.limits.unverifiedDomainPerDay).toBe(300);
    expect(load('limits: { unverifiedDomainPerDay: null }').config.limits.unverifiedDomainPerDay).toBeNull();
  });

  it('reports every problem at once, in the order of the file', () => {
    const attempt = () => load('hostname: "a b"\ndataDir: 5\nlisten: { smtp: [99999] }\nlimits: { unverifiedDomainPerDay: many }\n');
    expect(attempt).toThrow(ConfigError);
    try {
      attempt();
    } catch (error) {
      const problems = (error as ConfigError).problems;
      expect(problems.map(({ key, line }) => [key, line])).toEqual([
        ['hostname', 1],
        ['dataDir', 2],
        ['listen.smtp[0]', 3],
        ['limits.unverifiedDomainPerDay', 4],
      ]);
    }
  });

  it('refuses a prototype key like any unknown key', () => {
    expect(() => load('__proto__: { hostname: x }\n')).toThrow('__proto__: unknown key');
  });

  it.each([
    ['a file that is not there', 'nowhere.yaml', 'there is no such file'],
    ['a folder', '.', 'it is a folder'],
  ])('says why it cannot read %s', (_, name, reason) => {
    expect(() => loadConfig({ file: join(dir, name), env })).toThrow(reason);
  });
});

describe('explainConfig', () => {
  it('gives each key with its origin, in the notation of the file', () => {
    const loaded = load('listen:\n  smtp: [25, "[::1]:25"]\n');
    const values = explainConfig(loaded);
    expect(values.map(({ key }) => key)).toEqual(KEY_PATHS);
    expect(values.find(({ key }) => key === 'listen.smtp')).toEqual({
      key: 'listen.smtp',
      value: ['0.0.0.0:25', '[::1]:25'],
      origin: `${join(dir, 'config.yaml')}:2`,
    });
    expect(values.find(({ key }) => key === 'listen.http')?.origin).toBe('default');
  });

  it('never shows a password', () => {
    const loaded = load('delivery: { transports: [{ match: "*", host: h.example, tls: verify, login: u, password: hunter2 }] }\n');
    const shown = JSON.stringify(explainConfig(loaded));
    expect(shown).not.toContain('hunter2');
    expect(shown).toContain('(set)');
    expect(loaded.config.delivery.transports[0]?.password).toBe('hunter2');
  });
});

describe('config/mailwagon.example.yaml', () => {
  const text = readFileSync(example, 'utf8');

  it('loads, and sets every key', () => {
    const { origins } = loadConfig({ file: example, env });
    expect([...origins].filter(([, origin]) => origin === 'default').map(([key]) => key)).toEqual([]);
  });

  it('loads with its alternatives uncommented too, and names every key of a source and a transport', () => {
    const alternatives = text
      .replace(/^(\s*)(trustedNetworks|servers|sources|transports): \[\]\n/gm, '')
      .replace(/^(\s*)# ((?:trustedNetworks|servers|sources|transports):.*|\s+- \{.*)$/gm, '$1$2');
    const { config } = load(alternatives);
    expect(config.trustedNetworks).toHaveLength(2);
    expect(config.dns.servers).toHaveLength(2);
    expect(config.delivery.transports).toHaveLength(3);
    expect(config.delivery.sources).toHaveLength(2);
    for (const key of [...TRANSPORT_KEYS, ...SOURCE_KEYS]) expect(text).toContain(key);
  });
});

it('docs/configuration.md has every key', () => {
  const page = readFileSync(fileURLToPath(new URL('../../../docs/configuration.md', import.meta.url)), 'utf8');
  expect([...KEY_PATHS, ...SOURCE_KEYS, ...TRANSPORT_KEYS].filter((key) => !page.includes(`\`${key}\``))).toEqual([]);
});
