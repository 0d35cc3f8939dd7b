import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tempDir } from '../../support/temp-dir.mjs';
import { type Answer, fakeServer, runCli, type Seen } from './support/run-cli.ts';

let server: Awaited<ReturnType<typeof fakeServer>>;
let answer: (seen: Seen) => Answer;
let dir: string;
let cleanup: () => void;

beforeEach(async () => {
  server = await fakeServer((seen) => answer(seen));
  ({ path: dir, cleanup } = tempDir('mailwagon-cli-'));
});
afterEach(async () => {
  await server.close();
  cleanup();
});

const DOMAIN = {
  message: 'Domain DNS records have been created',
  domain: {
    name: 'example.com',
    state: 'unverified',
    type: 'custom',
    created_at: 'Wed, 10 Jul 2013 19:26:52 GMT',
    smtp_login: 'postmaster@example.com',
    require_tls: false,
    skip_verification: false,
  },
  sending_dns_records: [{ record_type: 'TXT', name: 'example.com', value: 'v=spf1 a:mx.example.com ~all', valid: 'unknown' }],
  receiving_dns_records: [{ record_type: 'MX', priority: '10', value: 'mx.example.com', valid: 'unknown' }],
};

const DELIVERY = {
  id: 8905374975,
  message_id: 'x@example.com',
  domain: 'example.com',
  sender: 'a@example.com',
  recipient: 'b@example.org',
  destination: 'example.org',
  priority: 0,
  due: '2026-03-04T10:15:30.000Z',
  attempts: 2,
  last: { code: 451, enhanced_code: '4.7.1', message: '4.7.1 Greylisted', mx_host: 'mx.example.org' },
  subject: 'Hello',
  size: 2214,
  accepted_at: '2026-03-04T10:15:30.000Z',
  expires_at: '2026-03-04T18:15:30.000Z',
};

describe('domain', () => {
  it('add sends the form and shows the records to publish', async () => {
    answer = () => ({ body: DOMAIN });
    const argv = ['domain', 'add', 'example.com', '--smtp-password', '-', '--require-tls', ...server.server];
    const { code, out } = await runCli(argv, { input: 'geheim\nrest' });
    expect(code).toBe(0);
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/v4/domains', key: 'secret-key' });
    expect(Object.fromEntries(server.requests[0]?.form ?? [])).toEqual({
      name: 'example.com',
      smtp_password: 'geheim',
      require_tls: 'true',
    });
    expect(out).toContain('v=spf1 a:mx.example.com ~all');
    expect(out).not.toContain('10 mx.example.com');
    expect(out).toContain('Leave the MX of the domain as it is');
  });

  it('verify exits 1 while the domain is not active, and 0 after', async () => {
    answer = () => ({ body: DOMAIN });
    expect((await runCli(['domain', 'verify', 'example.com', ...server.server])).code).toBe(1);
    answer = () => ({ body: { ...DOMAIN, domain: { ...DOMAIN.domain, state: 'active' } } });
    const { code, out } = await runCli(['domain', 'verify', 'example.com', '--json', ...server.server]);
    expect(code).toBe(0);
    expect(JSON.parse(out).domain.state).toBe('active');
    expect(server.requests[1]).toMatchObject({ method: 'PUT', path: '/v4/domains/example.com/verify' });
  });

  it('passes the server’s refusal on, as JSON when asked', async () => {
    answer = () => ({ status: 404, body: { message: 'Domain not found: example.com' } });
    expect(await runCli(['domain', 'remove', 'example.com', '--yes', ...server.server])).toEqual({
      code: 1,
      out: '',
      err: 'Domain not found: example.com',
    });
    const { err } = await runCli(['domain', 'remove', 'example.com', '--yes', '--json', ...server.server]);
    expect(JSON.parse(err)).toEqual({ message: 'Domain not found: example.com' });
  });

  it('cannot leave its path by a strange name', async () => {
    answer = () => ({ status: 404, body: { message: 'no' } });
    await runCli(['domain', 'show', '../../v1/keys?x', ...server.server]);
    expect(server.requests[0]?.path).toBe('/v4/domains/..%2F..%2Fv1%2Fkeys%3Fx');
  });
});

describe('credential and key', () => {
  it('add posts to the domain of the login and shows a made password once', async () => {
    answer = () => ({ body: { message: 'Created 1 credentials pair(s)', credentials: { 'alice@example.com': 'made-up' } } });
    const { out } = await runCli(['credential', 'add', 'alice@example.com', ...server.server]);
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/v3/domains/example.com/credentials' });
    expect(out).toContain('made-up');
  });

  it('list without a domain asks for each domain', async () => {
    answer = ({ path }) =>
      path === '/v4/domains'
        ? { body: { total_count: 2, items: [{ name: 'a.example' }, { name: 'b.example' }] } }
        : { body: { total_count: 1, items: [{ login: `x@${path.split('/')[3]}`, created_at: 'today' }] } };
    const { out } = await runCli(['credential', 'list', '--json', ...server.server]);
    expect(JSON.parse(out).items.map(({ login }: { login: string }) => login)).toEqual(['x@a.example', 'x@b.example']);
  });

  it.each([
    [['--domain', 'example.com'], { role: 'sending', kind: 'domain', domain_name: 'example.com' }],
    [['--role', 'analyst', '--expires-in', '60'], { role: 'analyst', expiration: '60' }],
    [[], { role: 'admin' }],
  ])('key create %j', async (options, form) => {
    answer = () => ({
      body: { message: 'great success', key: { id: 'i', role: form.role, kind: 'user', description: '', domain_name: null, secret: 's3' } },
    });
    const { out } = await runCli(['key', 'create', ...options, ...server.server]);
    expect(Object.fromEntries(server.requests[0]?.form ?? [])).toEqual(form);
    expect(out).toContain('s3');
  });
});

describe('send', () => {
  it('builds the form of a message', async () => {
    writeFileSync(join(dir, 'bill.pdf'), 'PDF bytes');
    answer = () => ({ body: { id: '<1@example.com>', message: 'Queued. Thank you.' } });
    const options = ['--to', 'b@example.org', '--to', 'c@example.org', '--cc', 'd@example.org', '--subject', 'Grüße', '--text', '-'];
    const more = ['--header', 'Reply-To: x: y', '--tag', 't1', '--tag', 't2', '--testmode', '--attach', join(dir, 'bill.pdf')];
    const { code, out } = await runCli(['send', '--from', 'Al <al@example.com>', ...options, ...more, ...server.server], {
      input: 'Body\n',
    });
    expect(code).toBe(0);
    expect(out).toContain('<1@example.com>');
    const [seen] = server.requests;
    expect(seen?.path).toBe('/v3/example.com/messages');
    expect(seen?.form.getAll('to')).toEqual(['b@example.org', 'c@example.org']);
    expect(seen?.form.get('text')).toBe('Body\r\n');
    expect(seen?.form.get('h:Reply-To')).toBe('x: y');
    expect(seen?.form.getAll('o:tag')).toEqual(['t1', 't2']);
    expect(seen?.form.get('o:testmode')).toBe('yes');
    expect(seen?.form.get('subject')).toBe('Grüße');
    const file = seen?.form.get('attachment') as File;
    expect([file.name, await file.text()]).toEqual(['bill.pdf', 'PDF bytes']);
  });

  it('says which attachment cannot be read', async () => {
    const argv = [
      'send',
      '--from',
      'a@example.com',
      '--to',
      'b@example.org',
      '--text',
      'x',
      '--attach',
      join(dir, 'nowhere'),
      ...server.server,
    ];
    expect(await runCli(argv)).toMatchObject({ code: 1, err: `Cannot read the attachment ${join(dir, 'nowhere')} (ENOENT)` });
    expect(server.requests).toEqual([]);
  });
});

describe('queue', () => {
  it('list reads pages up to its limit', async () => {
    answer = ({ query }) => ({
      body: { items: [{ ...DELIVERY, id: Number(query.get('after') ?? 0) + 1 }], next: String(Number(query.get('after') ?? 0) + 1) },
    });
    const { out } = await runCli(['queue', 'list', '--limit', '3', '--destination', 'example.org', ...server.server]);
    expect(server.requests.map(({ query }) => [query.get('after'), query.get('limit'), query.get('destination')])).toEqual([
      [null, '3', 'example.org'],
      ['1', '2', 'example.org'],
      ['2', '1', 'example.org'],
    ]);
    expect(out).toContain('451 4.7.1 Greylisted');
    expect(out).toContain('There are more');
  });

  it('names the account, and says whose each thing is when all are asked for', async () => {
    const whose = 'a1'.repeat(12);
    answer = () => ({ body: { items: [{ ...DELIVERY, account: whose }], next: null } });
    const argv = ['queue', 'list', '--account', 'all', ...server.server];
    expect((await runCli(argv)).out).toMatch(new RegExp(`ID +ACCOUNT +SENDER[\\s\\S]*${whose}`));
    expect(server.requests[0]?.query.get('account')).toBe('all');
    expect((await runCli(['queue', 'list', '--account', whose, ...server.server])).out).not.toContain('ACCOUNT');
    await runCli(['queue', 'show', '7', '--account', whose, ...server.server]);
    expect(server.requests[2]?.query.get('account')).toBe(whose);
    answer = () => ({ body: { count: 1 } });
    for (const verb of ['retry', 'cancel']) await runCli(['queue', verb, '7', '--account', whose, ...server.server]);
    const hold = {
      account: 'all',
      by: 'operator',
      domain: null,
      destination: null,
      site: 's',
      message: null,
      reason: '',
      at: DELIVERY.due,
    };
    answer = ({ path }) => ({ body: path.endsWith('/hold') ? hold : { items: [hold] } });
    for (const verb of ['hold', 'release']) await runCli(['queue', verb, '--all', '--account', whose, ...server.server]);
    for (const request of server.requests.slice(3)) expect(Object.fromEntries(request.form ?? [])).toMatchObject({ account: whose });
    const { out } = await runCli(['queue', 'holds', '--account', 'all', ...server.server]);
    expect(out).toMatch(/ACCOUNT +DOMAIN[\s\S]*all[\s\S]*operator/);
    expect(server.requests.at(-1)?.query.get('account')).toBe('all');
  });

  it('list says when the queue is empty', async () => {
    answer = () => ({ body: { items: [], next: null } });
    expect((await runCli(['queue', 'list', ...server.server])).out).toBe('The queue is empty.');
  });

  it('show says why a delivery waits, and what was said', async () => {
    const conversations = [
      { attempt: 2, at: '2026-03-04T10:10:00.000Z', outcome: 'deferred', text: 'C: RCPT TO:<b@example.org>\nS: 451 \u001b[31mGreylisted' },
    ];
    answer = () => ({ body: { ...DELIVERY, state: 'open', why: 'It was tried twice.', next_attempt_at: DELIVERY.due, conversations } });
    const { out } = await runCli(['queue', 'show', '8905374975', ...server.server]);
    expect(server.requests[0]?.path).toBe('/mailwagon/v1/queue/8905374975');
    expect(out).toContain('2026-03-04 10:15:30Z');
    expect(out).toContain('mx.example.org');
    expect(out).toMatch(/why +It was tried twice\./);
    expect(out).toMatch(
      /\n\nAttempt 2 at 2026-03-04 10:10:00Z, deferred:\n {2}C: RCPT TO:<b@example\.org>\n {2}S: 451 {2}\[31mGreylisted$/,
    );
  });

  it('show tells of deliveries that are over, of a whole message', async () => {
    const over = { id: null, message_id: 'm@a.test', recipient: 'x@b.test', destination: 'b.test', conversations: [] };
    const end = {
      state: 'delivered',
      at: '2026-03-04T10:15:30.000Z',
      attempts: 1,
      code: 250,
      message: '2.0.0 queued as 7',
      mx_host: 'mx.b.test',
      tls: true,
    };
    answer = () => ({
      body: {
        message_id: 'm@a.test',
        items: [
          { ...over, state: 'delivered', end },
          { ...over, recipient: 'y@b.test', state: 'over', end: null },
        ],
      },
    });
    const { out } = await runCli(['queue', 'show', 'm@a.test', ...server.server]);
    expect(server.requests[0]?.path).toBe('/mailwagon/v1/queue/m%40a.test');
    expect(out).toMatch(/state +delivered[\s\S]*answer +250 2\.0\.0 queued as 7[\s\S]*encrypted +yes\n\nstate +over[\s\S]*y@b\.test/);
  });

  it.each([
    [
      ['retry', '1', '2'],
      [
        ['id', '1'],
        ['id', '2'],
      ],
    ],
    [['cancel', '--recipient', 'b@example.org'], [['recipient', 'b@example.org']]],
    [['cancel', '--all', '--yes'], [['all', 'yes']]],
  ])('%j', async (argv, form) => {
    answer = () => ({ body: { count: 7 } });
    const { out } = await runCli(['queue', ...argv, ...server.server]);
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: `/mailwagon/v1/queue/${argv[0]}` });
    expect([...(server.requests[0]?.form ?? [])]).toEqual(form);
    expect(out).toContain('7 deliveries');
  });
});

describe('connecting', () => {
  it('uses the configuration and the key of the data folder', async () => {
    answer = () => ({ body: { total_count: 0, items: [] } });
    mkdirSync(join(dir, 'data'));
    writeFileSync(join(dir, 'data', 'admin.key'), 'local-key\n');
    writeFileSync(join(dir, 'c.yaml'), `dataDir: data\nlisten: { http: ["${new URL(server.url).host}"] }\n`);
    expect((await runCli(['domain', 'list', '--config', join(dir, 'c.yaml')])).code).toBe(0);
    expect(server.requests[0]?.key).toBe('local-key');
  });

  it('prefers options to the environment, and the environment to the configuration', async () => {
    answer = () => ({ body: { total_count: 0, items: [] } });
    const environment = { apiUrl: server.url, apiKey: 'env-key' };
    await runCli(['domain', 'list'], { environment });
    await runCli(['domain', 'list', '--key', 'option-key'], { environment });
    expect(server.requests.map(({ key }) => key)).toEqual(['env-key', 'option-key']);
  });

  it('says what to do when there is no key', async () => {
    writeFileSync(join(dir, 'c.yaml'), 'dataDir: data\n');
    const { code, err } = await runCli(['domain', 'list', '--config', join(dir, 'c.yaml')]);
    expect(code).toBe(1);
    expect(err).toContain('Run "mailwagon init" first');
  });

  it.each([
    ['[]', 'has no HTTP listener'],
    ['["127.0.0.1:0"]', 'name it with --api URL'],
  ])('says why it cannot guess the server of listen.http %s', async (http, message) => {
    writeFileSync(join(dir, 'c.yaml'), `listen: { http: ${http} }\n`);
    const { code, err } = await runCli(['domain', 'list', '--config', join(dir, 'c.yaml')]);
    expect(code).toBe(1);
    expect(err).toContain(message);
  });
});
