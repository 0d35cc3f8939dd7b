/** Answers of commands that led people astray: each test is one of them, as it was reported. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EVENT_NAMES } from '#events';
import { startFakeDns } from '../support/fake-dns.mjs';
import { tempDir } from '../support/temp-dir.mjs';
import { type Answer, fakeServer, NOW, runCli, type Seen } from '../unit/cli/support/run-cli.ts';

let server: Awaited<ReturnType<typeof fakeServer>>;
let answer: (seen: Seen) => Answer;
beforeEach(async () => {
  server = await fakeServer((seen) => answer(seen));
});
afterEach(() => server.close());

const record = (name: string, value: string, more: object = {}) => ({
  record_type: 'TXT',
  name,
  value,
  valid: 'unknown',
  cached: [],
  ...more,
});
const KEY = record('mailwagon._domainkey.example.com', 'k=rsa; p=AAAA');
const SPF = record('example.com', 'v=spf1 a:mail.example.net ~all');
const domainAnswer = (records: object[], more: object = {}) => ({
  body: {
    domain: {
      name: 'example.com',
      state: 'unverified',
      type: 'custom',
      created_at: 'Wed, 10 Jul 2013 19:26:52 GMT',
      smtp_login: 'postmaster@example.com',
      require_tls: false,
      skip_verification: false,
      ...more,
    },
    sending_dns_records: records,
    receiving_dns_records: [],
  },
});

describe('events tail --event', () => {
  const failed = (id: string, severity: string) => ({
    event: 'failed',
    id,
    severity,
    timestamp: NOW / 1000,
    recipient: `${id}@example.org`,
  });
  const tail = (...names: string[]) =>
    runCli(['events', 'tail', '--no-follow', ...names.flatMap((name) => ['--event', name]), ...server.server]);
  const pageOf = (items: object[]) => {
    answer = ({ path }) => ({ body: { items: path.endsWith('/2') ? [] : items, paging: { next: 'http://x/mailwagon/v1/events/2' } } });
  };

  it('takes the name that it shows for a failure that is tried again', async () => {
    pageOf([failed('a', 'temporary')]);
    expect((await tail('deferred')).out).toMatch(/ deferred +a@example\.org/);
    expect(Object.fromEntries(server.requests[0]?.query ?? [])).toMatchObject({ event: 'failed', severity: 'temporary' });
  });

  it('tells it from the others beside it', async () => {
    const delivered = { event: 'delivered', id: 'd', timestamp: NOW / 1000, recipient: 'd@example.org' };
    pageOf([failed('a', 'temporary'), failed('b', 'permanent'), delivered]);
    const shown = async (...names: string[]) => (await tail(...names)).out.match(/\w@example\.org/g)?.map((text) => text[0]);
    expect(await shown('deferred', 'delivered')).toEqual(['a', 'd']);
    const query = Object.fromEntries(server.requests[0]?.query ?? []);
    expect([query.event, query.severity]).toEqual(['failed OR delivered', undefined]);
    expect(await shown('failed')).toEqual(['a', 'b']);
  });

  it('takes every name that an event can have, and refuses the rest before it asks', async () => {
    pageOf([]);
    for (const name of [...Object.keys(EVENT_NAMES), 'Deferred']) expect((await tail(name)).code).toBe(0);
    const asked = server.requests.length;
    for (const name of ['bounced', 'defered', '']) {
      const { code, err } = await tail(name);
      expect(code).toBe(2);
      expect(err).toContain('there is no such event; expected one of accepted, rejected, delivered, failed, ');
    }
    expect(server.requests).toHaveLength(asked);
  });
});

describe('domain add and show', () => {
  it('show no login that was not made', async () => {
    answer = () => domainAnswer([SPF]);
    const { out } = await runCli(['domain', 'add', 'example.com', ...server.server]);
    expect(out).not.toContain('postmaster@');
    expect(out).toMatch(/SMTP logins +none yet: "mailwagon credential add NAME@example\.com"/);
    expect((await runCli(['domain', 'add', 'example.com', '--json', ...server.server])).out).not.toContain('postmaster@');
    expect((await runCli(['domain', 'add', 'example.com', '--smtp-password', 'geheim', ...server.server])).out).toMatch(
      /SMTP logins +postmaster@example\.com/,
    );
  });

  it('show those that there are, as far as the key may see them', async () => {
    answer = ({ path }) =>
      path.endsWith('/credentials') ? { body: { items: [{ login: 'al@example.com' }], total_count: 3 } } : domainAnswer([SPF]);
    expect((await runCli(['domain', 'show', 'example.com', ...server.server])).out).toMatch(/SMTP logins +al@example\.com, 2 more\n/);
    answer = ({ path }) => (path.endsWith('/credentials') ? { status: 403, body: { message: 'Forbidden' } } : domainAnswer([SPF]));
    const { code, out } = await runCli(['domain', 'show', 'example.com', ...server.server]);
    expect([code, out.includes('SMTP logins')]).toEqual([0, false]);
  });
});

describe('domain verify', () => {
  const verify = async (records: object[], more: object = {}) => {
    answer = () => domainAnswer(records, more);
    return runCli(['domain', 'verify', 'example.com', ...server.server]);
  };

  it('shows what was found beside what is expected, and what becomes of an SPF record', async () => {
    const { code, out, err } = await verify([
      { ...SPF, valid: 'invalid', cached: ['v=spf1 include:other.example -all', 'google-site-verification=1'] },
      { ...KEY, valid: 'invalid', cached: [] },
    ]);
    expect(code).toBe(1);
    expect(out).toContain('expected: v=spf1 a:mail.example.net ~all\n      found:    v=spf1 include:other.example -all\n');
    expect(out).toContain('→ change it to: v=spf1 include:other.example a:mail.example.net -all');
    expect(out).toContain('expected: k=rsa; p=AAAA\n      found:    nothing');
    expect(err).toContain('publish the TXT records of example.com and mailwagon._domainkey.example.com');
  });

  it('tells two SPF records as an error', async () => {
    const { out } = await verify([{ ...SPF, valid: 'invalid', cached: ['v=spf1 -all', 'v=spf1 mx -all'] }]);
    expect(out).toContain('2 SPF records are an error');
  });

  it('does not ask to publish what could not be looked up', async () => {
    const { code, out, err } = await verify([
      { ...SPF, lookup_error: 'unreachable' },
      { ...KEY, lookup_error: 'unreachable' },
    ]);
    expect(code).toBe(1);
    expect(out).toContain('the look-up failed (unreachable)');
    expect(err).toContain("the server's resolver gave no answer (unreachable)");
    expect(err).toContain('dns.servers');
    expect(err).not.toContain('publish');
  });

  it('says no more than the record of what is right', async () => {
    const { code, out } = await verify(
      [
        { ...SPF, valid: 'valid', cached: [SPF.value] },
        { ...KEY, valid: 'valid', cached: [KEY.value] },
      ],
      { state: 'active' },
    );
    expect([code, out.includes('found:'), out.includes('expected:')]).toEqual([0, false, false]);
  });
});

it.each([
  ['vm', true],
  ['mail.local', true],
  ['mail.example.net', false],
])('records with the host name %s: warned of wherever they are shown: %s', async (host, isWarned) => {
  answer = ({ path }) =>
    path.endsWith('/credentials')
      ? { body: { items: [], total_count: 0 } }
      : domainAnswer([record('example.com', `v=spf1 a:${host} ~all`)]);
  for (const verb of ['add', 'show', 'dns', 'verify']) {
    const { out } = await runCli(['domain', verb, 'example.com', ...server.server]);
    expect(out.includes(`"${host}" is no name that others can look up`), verb).toBe(isWarned);
  }
});

describe('send', () => {
  it.each([
    ['to', ['--to', 'alice'], '--to "alice" is not an address: write it as alice@example.com'],
    ['cc', ['--to', 'a@example.org', '--cc', 'c@example.org', '--cc', 'b@'], '--cc "b@" is not an address'],
    // What only the server refuses.
    ['to', ['--to', 'a@example.org'], '--to "a@example.org" is not an address'],
  ])('names the value of %s that was refused: %j', async (name, options, message) => {
    answer = () => ({ status: 400, body: { message: `${name} parameter is not a valid address. please check documentation` } });
    const { code, err } = await runCli(['send', '--from', 'a@example.com', ...options, '--text', 'x', ...server.server]);
    expect([code, err]).toEqual([1, expect.stringContaining(message)]);
  });

  it('takes lists and display names', async () => {
    answer = () => ({ body: { id: '<1@example.com>', message: 'Queued. Thank you.' } });
    const to = ['--to', 'a@example.org, "B, C" <b@example.org>', '--to', 'd@bücher.example'];
    expect((await runCli(['send', '--from', 'Al <a@example.com>', ...to, '--text', 'x', ...server.server])).code).toBe(0);
  });
});

it('a key that is bound to another domain is told as that, not as a wrong key', async () => {
  const message = 'Forbidden: this API key is bound to the domain example.org';
  answer = () => ({ status: 403, body: { message } });
  expect(await runCli(['send', '--from', 'a@example.com', '--to', 'b@example.org', '--text', 'x', ...server.server])).toMatchObject({
    code: 1,
    err: message,
  });
});

describe('queue', () => {
  it('retry says what still rests and until when, and what was left', async () => {
    const resting = [
      { count: 5, reason: 'mx.example.org is left alone for now: no connection', until: '2026-03-04T11:00:00.000Z' },
      { count: 1, reason: 'Held by the operator: abuse', until: null },
    ];
    answer = () => ({ body: { count: 7, left: 2, resting } });
    const { code, out } = await runCli(['queue', 'retry', '--all', ...server.server]);
    expect([code, out.split('\n')]).toEqual([
      0,
      [
        '7 deliveries are due now',
        '2 left as they are: being attempted now, or scheduled by their sender',
        '5 still resting: mx.example.org is left alone for now: no connection (until 2026-03-04 11:00:00Z)',
        '1 still resting: Held by the operator: abuse',
      ],
    ]);
  });

  it.each(['retry', 'cancel'])('%s of an id that is not open exits 1', async (verb) => {
    answer = () => ({ body: { count: 1, unknown: [99, 100] } });
    const { code, out, err } = await runCli(['queue', verb, '98', '99', '100', ...server.server]);
    expect(code).toBe(1);
    expect(out).toMatch(/^1 delivery is /);
    expect(err).toContain('No open delivery has the id 99, 100');
  });

  it('release says that it released, and exits 1 when nothing was held in that way', async () => {
    const hold = {
      by: 'account',
      domain: null,
      destination: 'example.org',
      site: null,
      message: null,
      reason: '',
      at: '2026-03-04T10:15:30.000Z',
    };
    answer = () => ({ body: { items: [hold] } });
    expect((await runCli(['queue', 'release', '--all', ...server.server])).out).toMatch(/^Released:\nDOMAIN /);
    answer = () => ({ body: { items: [] } });
    expect(await runCli(['queue', 'release', '--destination', 'example.org', ...server.server])).toMatchObject({ code: 1, out: '' });
    expect(await runCli(['queue', 'release', '--all', ...server.server])).toMatchObject({ code: 0, out: 'Nothing was held.' });
  });
});

it('times have one form, whatever the API wrote', async () => {
  const times: Record<string, object> = {
    '/v4/domains': {
      total_count: 1,
      items: [{ name: 'a.example', state: 'active', type: 'custom', created_at: 'Wed, 04 Mar 2026 10:15:30 GMT' }],
    },
    '/v3/domains/a.example/credentials': {
      total_count: 1,
      items: [{ login: 'x@a.example', created_at: 'Wed, 04 Mar 2026 10:15:30 +0000' }],
    },
    '/v1/keys': {
      items: [
        { id: 'i', role: 'admin', kind: 'user', description: '', created_at: '2026-03-04T10:15:30', expires_at: '2026-03-04T10:15:30' },
      ],
    },
    '/mailwagon/v1/queue/holds': {
      items: [{ by: 'account', domain: null, destination: null, site: null, message: null, reason: '', at: '2026-03-04T10:15:30.123Z' }],
    },
  };
  answer = ({ path }) => ({ body: times[path] });
  for (const [argv, count] of [
    [['domain', 'list'], 1],
    [['credential', 'list'], 1],
    [['key', 'list'], 2],
    [['queue', 'holds'], 1],
  ] as const) {
    const { out } = await runCli([...argv, ...server.server]);
    expect(out.match(/2026-03-04 10:15:30Z/g), out).toHaveLength(count);
    expect(out).not.toMatch(/Mar|T10:15/);
  }
});

it.each([
  [['key', 'create', '--expires-in', 'soon'], '--expires-in soon: expected a whole number of seconds'],
  [['shaping', 'check', '--mx', ''], '--mx "" is no host and no domain'],
])('%j names the value', async (argv, message) => {
  const { code, err } = await runCli([...argv, ...(argv[0] === 'key' ? server.server : [])]);
  expect([code, err]).toEqual([2, expect.stringContaining(message)]);
});

it('endpoints lists what needs no key too', async () => {
  const { items, total_count } = JSON.parse((await runCli(['endpoints', '--json'])).out);
  const paths = items.map(({ path }: { path: string }) => path);
  expect(paths).toEqual(expect.arrayContaining(['/health/live', '/health/ready', '/metrics', '/v3/:domain/messages']));
  expect(paths).toHaveLength(total_count);
});

describe('shaping check --mx', () => {
  const check = async (servers: string[], mx: string) => {
    const { path, cleanup } = tempDir('mailwagon-shaping-');
    try {
      writeFileSync(join(path, 'mailwagon.yaml'), JSON.stringify({ dns: { servers } }));
      return await runCli(['shaping', 'check', '--mx', mx, '--config', join(path, 'mailwagon.yaml')]);
    } finally {
      cleanup();
    }
  };

  it('takes a domain, whose exchangers it looks up, or a host', async () => {
    const dns = await startFakeDns({
      'people.example': { MX: [{ preference: 5, exchange: 'gmail-smtp-in.l.google.com' }] },
      'mx.other.example': { A: ['192.0.2.1'] },
    });
    try {
      const domain = await check([dns.address], 'people.example');
      expect(domain.out).toMatch(/^servers +gmail-smtp-in\.l\.google\.com\nprovider +Gmail\n/);
      expect((await check([dns.address], 'mx.other.example')).out).toMatch(/^provider +\(none: the default\)/);
      const asked = dns.count();
      expect((await check([dns.address], 'alt1.gmail-smtp-in.l.google.com')).out).toMatch(/^provider +Gmail/);
      expect(dns.count()).toBe(asked);
    } finally {
      await dns.close();
    }
  });

  it('says when the resolver could not be asked', async () => {
    const dns = await startFakeDns();
    await dns.close();
    const { code, out } = await check([dns.address], 'people.example');
    expect(code).toBe(0);
    expect(out).toMatch(/^servers +people\.example, taken for a host \(MX lookup of people\.example failed: /);
  });
});
