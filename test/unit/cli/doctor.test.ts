import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CHECKS, examine } from '#cli/doctor/examine.js';
import type { DoctorWorld } from '#cli/doctor/world.js';
import { type Config, loadConfig } from '#config';
import { type AddressResult, type Dns, lookupSystemHost, makeSelfSignedCertificate, pointerName } from '#net';
import { startFakeDns } from '../../support/fake-dns.mjs';
import { startScriptedMx } from '../../support/scripted-mx.mjs';
import { tempDir } from '../../support/temp-dir.mjs';
import { runCli } from './support/run-cli.ts';

const NOW = Date.UTC(2026, 10, 21);
const DAY = 86_400_000;
const GIB = 1024 ** 3;

type Zones = Record<string, Partial<Record<string, unknown[] | 'failed'>>>;

const HEALTHY: Zones = {
  'mail.example.com': { A: ['198.51.100.7'] },
  '7.100.51.198.in-addr.arpa': { PTR: ['mail.example.com'] },
  'gmail.com': { MX: [{ preference: 5, exchange: 'mx.gmail.test' }] },
  'mx.gmail.test': { A: ['8.8.8.8'] },
  org: { NS: ['a.org'] },
  net: { NS: ['a.net'] },
  se: { NS: ['a.se'] },
};

/** `null`: no server answers. `*` answers every name. */
function fakeDns(zones: Zones | null, authenticated = true): Dns {
  return {
    query: async (name: string, type: string) => {
      if (zones === null) return { kind: 'failed', reason: 'unreachable' } as never;
      const zone = zones[name] ?? zones['*'];
      if (zone === undefined) return { kind: 'nxdomain', ttl: 60, authenticated } as never;
      const records = zone[type];
      if (records === 'failed') return { kind: 'failed', reason: 'servfail' } as never;
      return (
        records === undefined ? { kind: 'nodata', ttl: 60, authenticated } : { kind: 'records', records, ttl: 300, authenticated }
      ) as never;
    },
  };
}

const METRICS =
  'mailwagon_build_info{version="1.2.3",node="20"} 1\nprocess_max_fds 65536\nmailwagon_event_loop_lag_seconds{quantile="0.99"} 0.001\n';
const READY = { '/health/ready': { status: 200, text: '{"status":"ready"}' }, '/metrics': { status: 200, text: METRICS } };
const UNIT = 'LoadState=loaded\nActiveState=active\nRestart=on-failure\nWatchdogUSec=0\n';

function healthyWorld(): DoctorWorld {
  return {
    clock: { now: () => NOW, monotonic: () => 0 },
    dns: fakeDns(HEALTHY),
    ownAddresses: () => ['127.0.0.1', '198.51.100.7'],
    sendingAddresses: async () => ['8.8.4.4'],
    addressesOfHost: lookupSystemHost,
    probe: async () => ({ kind: 'greeted', line: '220 mx.gmail.test' }),
    readText: async () => certificate.cert,
    folder: async () => ({ mode: 0o700, writable: true, free: 50 * GIB, total: 100 * GIB, fileSystem: 0xef53 }),
    nodeVersion: '22.11.0',
    version: '1.2.3',
    remoteTime: async () => NOW,
    systemdUnit: async () => UNIT,
    page: async (path) => READY[path],
    idleSettings: async () => [],
  };
}

const certificate = await makeSelfSignedCertificate({ hostname: 'mail.example.com', notBefore: NOW - DAY });

function makeConfig(more: Partial<Config> = {}): Config {
  const { path, cleanup } = tempDir('mailwagon-doctor-');
  onTestFinished(cleanup);
  const file = join(path, 'mailwagon.yaml');
  writeFileSync(file, 'hostname: mail.example.com\ndns: { servers: ["127.0.0.1"] }\n');
  const { config } = loadConfig({ file, env: { noColor: true } });
  return { ...config, tls: { cert: '/cert.pem', key: '/key.pem' }, ...more };
}

/** The sending address of the healthy world is public: 8.8.4.4. */
const POINTERS: Zones = { '4.4.8.8.in-addr.arpa': { PTR: ['mail.example.com'] } };
const goodZones: Zones = { ...HEALTHY, ...POINTERS, 'mail.example.com': { A: ['198.51.100.7', '8.8.4.4'] } };

async function look(check: string, world: Partial<DoctorWorld> = {}, config: Partial<Config> = {}) {
  const found = await examine({ config: makeConfig(config), world: { ...healthyWorld(), dns: fakeDns(goodZones), ...world } });
  return found.filter((finding) => finding.check === check);
}

it('finds nothing to fail on a healthy machine, and says something of every check', async () => {
  const found = await examine({ config: makeConfig(), world: { ...healthyWorld(), dns: fakeDns(goodZones) } });
  expect(found.filter(({ status }) => status === 'fail' || status === 'skip')).toEqual([]);
  // The certificate signs itself in this test.
  expect(found.filter(({ status }) => status === 'warn').map(({ check }) => check)).toEqual(['certificate']);
  expect(new Set(found.map(({ check }) => check)).size).toBeGreaterThanOrEqual(CHECKS.length);
  for (const { status, mend } of found) expect(mend === undefined).toBe(status === 'ok' || status === 'skip');
});

const MTA9: Zones = { '9.4.8.8.in-addr.arpa': { PTR: ['mta9.example.com'] }, 'mta9.example.com': { A: ['8.8.4.9'] } };
const withSources = (...sources: Config['delivery']['sources']) =>
  ({ delivery: { port: 25, transports: [], allowPrivateNetworks: false, sources } }) as unknown as Partial<Config>;
const withZones = (zones: Zones) => ({ dns: fakeDns({ ...goodZones, ...zones }) });

describe.each<[check: string, cases: [status: string, text: RegExp, world: Partial<DoctorWorld>, config?: Partial<Config>][]]>([
  [
    'hostname',
    [
      ['fail', /"localhost" is no name/, {}, { hostname: 'localhost' }],
      ['fail', /"box\.lan" is no name/, {}, { hostname: 'box.lan' }],
      ['fail', /has no address/, {}, { hostname: 'nowhere.example.com' }],
      ['skip', /could not be looked up/, withZones({ 'mail.example.com': { A: 'failed', AAAA: 'failed' } })],
      [
        'warn',
        /no address of this machine/,
        withZones({ 'mail.example.com': { A: ['203.0.113.9'] } }) && { ownAddresses: () => ['8.8.4.5'] },
      ],
      ['ok', /router in front/, { ownAddresses: () => ['127.0.0.1', '10.0.0.5'] }],
    ],
  ],
  [
    'reverse',
    [
      ['ok', /8\.8\.4\.4 is mail\.example\.com and back/, {}],
      ['skip', /no way to the Internet/, { sendingAddresses: async () => [] }],
      ['fail', /no reverse name/, withZones({ '4.4.8.8.in-addr.arpa': {} })],
      [
        'warn',
        /8\.8\.4\.4 is host4\.hoster\.test and back, but mail from there greets as mail\.example\.com/,
        withZones({ '4.4.8.8.in-addr.arpa': { PTR: ['host4.hoster.test'] }, 'host4.hoster.test': { A: ['8.8.4.4'] } }),
      ],
      [
        'fail',
        /does not lead back/,
        withZones({ '4.4.8.8.in-addr.arpa': { PTR: ['mail.example.com'] }, 'mail.example.com': { A: ['198.51.100.7'] } }),
      ],
      ['skip', /could not be looked up \(servfail\)/, withZones({ '4.4.8.8.in-addr.arpa': { PTR: 'failed' } })],
      [
        'ok',
        /8\.8\.4\.4 is mail/,
        { sendingAddresses: async () => ['10.0.0.5'], ...withZones({ 'mail.example.com': { A: ['8.8.4.4'] } }) },
      ],
      // Sources are looked at instead of the address of the system's choice, each with its own name.
      ['ok', /8\.8\.4\.9 is mta9\.example\.com and back/, withZones(MTA9), withSources({ ipv4: '8.8.4.9', ehlo: 'mta9.example.com' })],
      ['ok', /8\.8\.4\.4 is mail\.example\.com and back/, { sendingAddresses: async () => [] }, withSources({ ipv4: '8.8.4.4' })],
      [
        'warn',
        /8\.8\.4\.9 is mta9\.example\.com and back, but .* greets as mail\.example/,
        withZones(MTA9),
        withSources({ ipv4: '8.8.4.9' }),
      ],
      [
        'fail',
        /2001:4860:4860::9 has no reverse name/,
        withZones(MTA9),
        withSources({ ipv6: '2001:4860:4860::9', ehlo: 'mta9.example.com' }),
      ],
      ['ok', /8\.8\.4\.9 is mta9/, withZones(MTA9), withSources({ ipv4: '10.0.0.9', ehlo: 'mta9.example.com' })],
      ['fail', /10\.0\.0\.9 is private and greets as/, {}, withSources({ ipv4: '10.0.0.9', ehlo: 'mta9.example.com' })],
      ['skip', /could not be looked up/, { dns: fakeDns(null) }, withSources({ ipv4: '10.0.0.9' })],
    ],
  ],
  [
    'resolver',
    [
      ['ok', /answers may be kept 300 s/, {}],
      ['fail', /offline or its resolver is broken/, { dns: fakeDns(null) }],
      ['fail', /said not to exist/, { dns: fakeDns({}) }],
      ['fail', /invents addresses/, withZones({ '*': { A: ['198.18.0.1'] } })],
    ],
  ],
  [
    'dnssec',
    [
      ['ok', /DANE is on/, {}],
      ['warn', /DANE is off/, { dns: fakeDns(goodZones, false) }],
      ['skip', /not known/, withZones({ org: { NS: 'failed' }, net: { NS: 'failed' }, se: { NS: 'failed' } })],
    ],
  ],
  [
    'port 25',
    [
      ['ok', /mx\.gmail\.test answers on port 25/, {}],
      ['fail', /do not get through \(mx\.gmail\.test: ETIMEDOUT\)/, { probe: async () => ({ kind: 'failed', code: 'ETIMEDOUT' }) }],
      ['fail', /no greeting/, { probe: async () => ({ kind: 'silent' }) }],
      ['fail', /offline/, { probe: async () => ({ kind: 'failed', code: 'ENETUNREACH' }) }],
      ['skip', /see resolver/, { dns: fakeDns(null) }],
    ],
  ],
  [
    'data',
    [
      ['ok', /private and writable; 50\.0 GiB of 100\.0 GiB/, {}],
      ['fail', /not there/, { folder: async () => undefined }],
      ['fail', /mode 755/, folderWith({ mode: 0o755 })],
      ['fail', /cannot be written/, folderWith({ writable: false })],
      ['fail', /tmpfs, which is memory/, folderWith({ fileSystem: 0x01021994 })],
      ['fail', /NFS/, folderWith({ fileSystem: 0x6969 })],
      ['fail', /SMB/, folderWith({ fileSystem: 0xff534d42 | 0 })],
      ['fail', /too little to accept/, folderWith({ free: GIB / 5 })],
      ['warn', /soon be too little/, folderWith({ free: 5 * GIB })],
    ],
  ],
  [
    'clock',
    [
      ['ok', /right/, { remoteTime: async () => NOW - 20_000 }],
      ['warn', /off by 119 s/, { remoteTime: async () => NOW + 120_000 }],
      ['fail', /off by 86399 s/, { remoteTime: async () => NOW - DAY }],
      ['fail', /long past/, { clock: { now: () => 0, monotonic: () => 0 } }],
      ['skip', /nobody/, { remoteTime: async () => undefined }],
    ],
  ],
  [
    'node',
    [
      ['fail', /too old/, { nodeVersion: '20.18.3' }],
      ['ok', /20\.19/, { nodeVersion: '20.19.0' }],
      ['warn', /23\./, { nodeVersion: '23.1.0' }],
    ],
  ],
  [
    'service',
    [
      ['ok', /active/, {}],
      ['skip', /systemd does not run/, { systemdUnit: async () => undefined }],
      ['warn', /no mailwagon\.service/, { systemdUnit: async () => 'LoadState=not-found\n' }],
      ['warn', /not restarted/, { systemdUnit: async () => UNIT.replace('on-failure', 'no') }],
      ['fail', /watchdog/, { systemdUnit: async () => UNIT.replace('WatchdogUSec=0', 'WatchdogUSec=30s') }],
    ],
  ],
  [
    'server',
    [
      ['ok', /runs and takes mail/, {}],
      ['skip', /no server runs/, { page: async () => undefined }],
      ['fail', /not ready: store, no room$/, pages('{"status":"not ready","reasons":["store","no room"]}', METRICS, 503)],
      ['fail', /not ready: events$/, pages('{"status":"not ready","reasons":["events"]}', METRICS, 503)],
      ['warn', /version 1\.0\.0, but 1\.2\.3/, pages('', METRICS.replace('1.2.3', '1.0.0'))],
      ['warn', /reacts late \(500 ms\)/, pages('', METRICS.replace('0.001', '0.5'))],
      [
        'warn',
        /disk takes 75 ms/,
        pages(
          '',
          `${METRICS}${['count', 'sum'].map((end, index) => `mailwagon_store_fsync_seconds_${end}{database="spool"} ${[4, 0.3][index]}\n`).join('')}`,
        ),
      ],
      ['warn', /due for 120 minutes/, pages('', `${METRICS}mailwagon_queue_overdue_seconds 7200\n`)],
    ],
  ],
  [
    'open files',
    [
      ['ok', /65536/, {}],
      ['fail', /the server may open 512/, pages('', METRICS.replace('65536', '512'))],
      [
        'warn',
        /this shell may open 1024/,
        { page: async () => undefined, readText: async () => 'Max open files            1024   4096   files\n' },
      ],
    ],
  ],
  [
    'certificate',
    [
      ['warn', /makes its own/, {}, { tls: { cert: null, key: null } }],
      ['fail', /not for other\.example\.com/, withZones({ 'other.example.com': { A: ['8.8.4.4'] } }), { hostname: 'other.example.com' }],
      ['fail', /cannot be read \(ENOENT\)/, { readText: async () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOENT' })) }],
      ['fail', /cannot be read/, { readText: async () => 'no certificate' }],
      ['fail', /ended on/, { clock: at(Date.parse(new X509Certificate(certificate.cert).validTo) + DAY) }],
      ['warn', /ends on/, { clock: at(Date.parse(new X509Certificate(certificate.cert).validTo) - 3 * DAY) }],
      ['fail', /not valid yet/, { clock: at(NOW - 2 * DAY) }],
    ],
  ],
])('%s', (check, cases) => {
  it.each(cases)('%s %s', async (status, text, world, config) => {
    expect(await look(check, world, config)).toContainEqual(expect.objectContaining({ status, text: expect.stringMatching(text) }));
  });
});

function at(ms: number) {
  return { now: () => ms, monotonic: () => 0 };
}
function folderWith(facts: Partial<{ mode: number; writable: boolean; free: number; total: number; fileSystem: number }>) {
  return { folder: async () => ({ mode: 0o700, writable: true, free: 50 * GIB, total: 100 * GIB, fileSystem: 0xef53, ...facts }) };
}
function pages(ready: string, metrics: string, status = 200): Partial<DoctorWorld> {
  return { page: async (path) => (path === '/metrics' ? { status: 200, text: metrics } : { status, text: ready }) };
}

describe('a smarthost for everything', () => {
  const deliveryTo = (host: string) => {
    const transports: Config['delivery']['transports'] = [{ match: '*', when: 'always', host, port: 587, tls: 'require' }];
    return { delivery: { port: 25, transports, allowPrivateNetworks: false, sources: [] } } as unknown as Partial<Config>;
  };
  // One is in every hosts file and the other needs none; DNS, which knows neither here, is not asked.
  it.each([
    ['ok', /through localhost, which answers on port 587/, 'localhost', { kind: 'greeted', line: '220' }],
    ['ok', /through 127\.0\.0\.9, which answers on port 587/, '127.0.0.9', { kind: 'greeted', line: '220' }],
    ['fail', /does not answer on port 587 \(ECONNREFUSED\)/, '127.0.0.9', { kind: 'failed', code: 'ECONNREFUSED' }],
  ] as const)('%s %s', async (status, text, host, result) => {
    const world = { probe: async () => result };
    expect(await look('smarthost', world, deliveryTo(host))).toEqual([
      expect.objectContaining({ status, text: expect.stringMatching(text) }),
    ]);
    expect(await look('port 25', world, deliveryTo(host))).toEqual([]);
  });
  it('whose name nobody knows', async () => {
    const none: AddressResult = { kind: 'none', permanent: false, code: 451, enhancedCode: '4.4.3', text: 'no such host', refused: [] };
    const found = await look('smarthost', { addressesOfHost: async () => none }, deliveryTo('smart.example'));
    expect(found).toMatchObject([{ status: 'fail', text: 'no address of the smarthost smart.example can be found' }]);
  });
});

it.each([
  ['192.0.2.1', '1.2.0.192.in-addr.arpa'],
  ['2001:db8::1', '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa'],
  ['::1', `1.${'0.'.repeat(31)}ip6.arpa`],
  ['fe80::', `${'0.'.repeat(28)}0.8.e.f.ip6.arpa`],
])('the pointer of %s is %s', (address, name) => expect(pointerName(address)).toBe(name));

describe('the command', () => {
  async function run(yaml: string, ...argv: string[]) {
    const { path, cleanup } = tempDir('mailwagon-doctor-');
    onTestFinished(cleanup);
    const file = join(path, 'mailwagon.yaml');
    writeFileSync(file, yaml);
    return runCli(['doctor', '--config', file, ...argv]);
  }

  it('asks the configured resolver and the exchangers it names, and exits 1 when something fails', async () => {
    const mx = await startScriptedMx({ hostname: 'mx.gmail.test' });
    const dns = await startFakeDns({
      'gmail.com': { MX: [{ preference: 1, exchange: 'mx.gmail.test' }] },
      'mx.gmail.test': { A: [mx.host] },
    });
    onTestFinished(() => Promise.all([mx.close(), dns.close()]).then(() => undefined));
    const yaml = `hostname: box.lan\ndns: { servers: ["${dns.address}"] }\ndelivery: { port: ${mx.port}, allowPrivateNetworks: true }\nlisten: { http: ["127.0.0.1:1"] }\n`;
    const { code, out } = await run(yaml, '--json');
    expect(code).toBe(1);
    const { counts, findings } = JSON.parse(out);
    expect(counts.fail).toBeGreaterThan(0);
    expect(findings).toContainEqual({ check: 'port 25', status: 'ok', text: `mx.gmail.test answers on port ${mx.port}` });
    expect(findings).toContainEqual(
      expect.objectContaining({ check: 'hostname', status: 'fail', mend: expect.stringContaining('hostname') }),
    );
    expect(mx.sessions[0]?.commands.filter((command) => command !== 'QUIT')).toEqual([]);
    const table = await run(yaml);
    expect(table.code).toBe(1);
    expect(table.out).toMatch(/fail +hostname +"box\.lan"[^\n]*\n +→ set "hostname"/);
  });

  it('says that it is offline, and does not hang', async () => {
    const began = performance.now();
    const { code, out } = await run(
      'hostname: mail.example.com\ndns: { servers: ["127.0.0.1:9"] }\nlisten: { http: ["127.0.0.1:1"] }\n',
      '--json',
    );
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(code).toBe(1);
    const { findings } = JSON.parse(out);
    expect(findings).toContainEqual(
      expect.objectContaining({ check: 'resolver', status: 'fail', text: expect.stringContaining('offline') }),
    );
    expect(findings).toContainEqual(expect.objectContaining({ check: 'port 25', status: 'skip' }));
  });
}, 30_000);
