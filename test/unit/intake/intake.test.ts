import { Readable } from 'node:stream';
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Address, type Body, makeIdSource, parseAddress, Refusal, StoreError } from '#core';
import { DEFAULT_DOMAIN_SETTINGS, type Directory } from '#directory';
import { makeRecorder } from '#events';
import { makeDailyUsage, makeIntake, type Submission } from '#intake';
import type { BodyWriter, DomainRecord, NewMessage, OutboxEvent } from '#store';
import { makeWorkers } from '#workers';

const NOW = 1_772_619_330_000;
const clock = { now: () => NOW, monotonic: () => NOW };
const HOSTNAME = 'mail.host.example';
const address = (text: string): Address => {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`${text} is no address`);
  return parsed;
};

const domainRecord = (name: string, fields: Partial<DomainRecord> = {}): DomainRecord => ({
  id: 1,
  account: 1,
  publicId: 'f'.repeat(24),
  name,
  type: 'custom',
  state: 'active',
  ...DEFAULT_DOMAIN_SETTINGS,
  createdAt: 0,
  ...fields,
});

const HOSTED = new Map([
  ['src.example', domainRecord('src.example')],
  ['other.example', domainRecord('other.example', { account: 2 })],
]);

let puts: NewMessage[];
let failPut: Error | undefined;
let discarded: number;
let used: number;
let pressure: Refusal | undefined;
let rejected: OutboxEvent[];
let failRejected: Error | undefined;

function setUp(limit: number | null = null) {
  const directory = {
    domains: { find: async (name: string) => HOSTED.get(name), nearest: async (name: string) => HOSTED.get(name) },
    dkimKeys: { isActive: async (account: number, name: { domain: string; selector: string }) => account === 1 && name.selector === 's1' },
    accounts: { get: async () => ({ publicId: 'a'.repeat(24) }) },
  } as unknown as Directory;
  const newBody = (): BodyWriter => {
    const chunks: Uint8Array[] = [];
    return {
      write: (chunk) => void chunks.push(chunk),
      finish: async (): Promise<Body> => ({ kind: 'inline', bytes: Buffer.concat(chunks) }),
      discard: async () => void discarded++,
    };
  };
  const openBody = (body: Body) => Readable.from(body.kind === 'inline' ? [Buffer.from(body.bytes)] : []);
  return makeIntake({
    workers: makeWorkers(),
    directory,
    queue: {
      put: async (message) => {
        if (failPut) throw failPut;
        puts.push(message);
      },
    },
    spool: {
      newBody,
      openBody,
      idempotencyRecord: async () => undefined,
      putEvents: async (events) => {
        if (failRejected) throw failRejected;
        rejected.push(...events);
      },
    },
    recorder: makeRecorder({ clock }),
    usage: makeDailyUsage({ spool: { usage: async () => used }, limit }),
    clock,
    pressure: { refusal: () => pressure },
    ids: makeIdSource(clock),
    serverKey: Buffer.alloc(32, 7),
    hostname: HOSTNAME,
    logger: pino({ level: 'silent' }),
    onEvents: () => undefined,
    limits: { tagsPerMessage: 3, privateUrls: false },
    preferredSendTime: async (_recipient, { from }) => from,
  });
}

beforeEach(() => {
  puts = [];
  failPut = undefined;
  discarded = 0;
  used = 0;
  pressure = undefined;
  rejected = [];
  failRejected = undefined;
});

const submission = (text: string, fields: Partial<Submission> = {}): Submission => ({
  account: 1,
  domain: domainRecord('src.example'),
  method: 'smtp',
  isAuthenticated: true,
  remoteAddress: '203.0.113.25',
  helo: 'client.example',
  protocol: 'ESMTPSA',
  sender: address('a@src.example'),
  recipients: [address('bob@dst.example')],
  content: Readable.from([Buffer.from(text.replace(/\n/g, '\r\n'))]),
  options: {},
  tags: [],
  userVariables: {},
  ...fields,
});

const MAIL =
  'From: A <a@src.example>\nTo: Bob <bob@dst.example>\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\nMessage-ID: <x1@src.example>\nDate: Wed, 04 Mar 2026 10:15:30 +0000\n\nhello\n';

/** The one message that was put. */
function stored() {
  const [put, ...others] = puts;
  if (put === undefined || others.length > 0) throw new Error(`${puts.length} messages were put`);
  const head = Buffer.from(put.message.head).toString();
  const field = (name: string) => new RegExp(`^${name}: ((?:.*\\r\\n[ \\t])*.*)\\r\\n`, 'im').exec(head)?.[1]?.replace(/\r\n/g, '');
  return { ...put, head, field };
}

describe('a message that is accepted', () => {
  it('is stored as it came, with our trace on top and its facts beside it', async () => {
    expect(await setUp().accept(submission(MAIL))).toEqual({ messageId: 'x1@src.example' });
    const { message, head, field, deliveries, events } = stored();
    expect(head.startsWith('Received: from client.example ([203.0.113.25])')).toBe(true);
    expect(field('Received')).toMatch(
      /by mail\.host\.example \(Mailwagon\) with ESMTPSA id [0-9A-Z]+-[0-9a-f]{16}; Wed, 04 Mar 2026 10:15:30 \+0000$/,
    );
    expect(head.slice(head.indexOf('From:'))).toBe(MAIL.slice(0, MAIL.indexOf('\n\n') + 1).replace(/\n/g, '\r\n'));
    expect(message).toMatchObject({
      account: 1,
      domain: 'src.example',
      sender: 'a@src.example',
      acceptedAt: NOW,
      expiresAt: NOW + 8 * 3_600_000,
    });
    expect(message.facts.headers).toEqual({
      to: 'Bob <bob@dst.example>',
      from: 'A <a@src.example>',
      subject: 'Grüße',
      messageId: 'x1@src.example',
    });
    expect(message.size).toBe(head.length + 2 + 'hello\r\n'.length);
    expect(deliveries).toMatchObject([{ recipient: 'bob@dst.example', destinationName: 'dst.example', priority: 0, due: NOW }]);
    expect(events.map((event) => event.event)).toEqual(['accepted']);
  });

  it('gets the fields it lacks', async () => {
    const { messageId } = await setUp().accept(submission('Subject: hi\n\nx\n'));
    const { field } = stored();
    expect(messageId).toMatch(/^20260304101530\.[0-9a-f]{16}@src\.example$/);
    expect(field('Message-Id')).toBe(`<${messageId}>`);
    expect(field('From')).toBe('a@src.example');
    expect(field('Date')).toBe('Wed, 04 Mar 2026 10:15:30 +0000');
  });

  it('replaces a Message-ID that is none', async () => {
    const { messageId } = await setUp().accept(submission(MAIL.replace('<x1@src.example>', '<no id at all>')));
    expect(stored().head.match(/^message-id:/gim)).toHaveLength(1);
    expect(stored().field('Message-Id')).toBe(`<${messageId}>`);
  });

  it('loses what recipients must not see', async () => {
    await setUp().accept(submission(`Bcc: secret@dst.example\nReturn-Path: <z@z.example>\n${MAIL}`));
    expect(stored().head).not.toMatch(/secret|return-path/i);
  });

  it('goes once to an address that is named twice', async () => {
    const twice = [address('bob@dst.example'), address('bob@DST.example'), address('c@dst.example')];
    await setUp().accept(submission(MAIL, { recipients: twice }));
    expect(stored().deliveries.map((delivery) => [delivery.recipient, delivery.priority])).toEqual([
      ['bob@dst.example', 1],
      ['c@dst.example', 1],
    ]);
  });

  it('never names who logged in', async () => {
    await setUp().accept(submission('Subject: hi\n\nx\n', { sender: address('a@src.example') }));
    expect(stored().field('Received')).not.toContain('@');
  });

  it('does not repeat a hostile greeting', async () => {
    await setUp().accept(submission(MAIL, { helo: 'x ([6.6.6.6]) by evil.example' }));
    expect(stored().field('Received')).toMatch(/^from unknown \(\[203\.0\.113\.25\]\)/);
  });

  it('keeps the addresses of API clients to itself', async () => {
    await setUp().accept(submission(MAIL, { method: 'http', protocol: 'HTTP' }));
    expect(stored().field('Received')).toMatch(/^by mail\.host\.example \(Mailwagon\) with HTTP id/);
  });
});

describe('X-Mailgun fields', () => {
  it('are options, and are removed', async () => {
    const fields =
      'X-Mailgun-Tag: one, two\nX-Mailgun-Tag: three\nX-Mailgun-Variables: {"order":7}\nX-Mailgun-Dkim: no\nX-Mailgun-Drop-Message: yes\nX-Mailgun-Require-TLS: true\nX-Mailgun-Track: no\n';
    await setUp().accept(submission(fields + MAIL));
    const { message, head, field } = stored();
    expect(head.match(/^x-mailgun-.*/gim)).toEqual([expect.stringContaining('X-Mailgun-Variables')]);
    expect(JSON.parse(field('X-Mailgun-Variables') ?? '')).toEqual({ order: 7 });
    expect(message.options).toEqual({
      ...{ dkim: false, testMode: true, requireTls: true, skipVerification: false },
      ...{ trackingClicks: 'no', trackingOpens: false },
    });
    expect(message.facts).toMatchObject({ tags: ['one, two', 'three'], userVariables: { order: 7 } });
  });

  it('give way to what was asked beside the message', async () => {
    await setUp().accept(submission(`X-Mailgun-Dkim: no\n${MAIL}`, { options: { dkim: true } }));
    expect(stored().message.options.dkim).toBe(true);
  });

  it('give way to nothing less: the domain’s settings are defaults', async () => {
    await setUp().accept(
      submission(`X-Mailgun-Require-TLS: no\n${MAIL}`, {
        domain: domainRecord('src.example', { requireTls: true, skipVerification: true }),
      }),
    );
    expect(stored().message.options).toMatchObject({ requireTls: false, skipVerification: true });
  });

  it.each([
    ['X-Mailgun-Unheard-Of: yes', /X-Mailgun-Unheard-Of.*not a send option/],
    ['X-Mailgun-Dkim: maybe', /X-Mailgun-Dkim.*yes or no/],
    ['X-Mailgun-Variables: [1]', /X-Mailgun-Variables.*JSON object/],
    [`X-Mailgun-Tag: ${'t'.repeat(129)}`, /tag/i],
  ])('that cannot be honoured are refused by name: %s', async (field, text) => {
    await expect(setUp().accept(submission(`${field}\n${MAIL}`))).rejects.toMatchObject({
      smtpCode: 550,
      httpStatus: 400,
      publicText: expect.stringMatching(text),
    });
  });
});

describe('a message that is refused', () => {
  const loop = 'Received: from a by b; Wed, 04 Mar 2026 10:15:30 +0000\n'.repeat(51);
  it.each([
    ['loops', loop + MAIL, {}, 554, '5.4.6'],
    ['is from another account’s domain', MAIL.replace('A <a@src.example>', 'Boss <ceo@other.example>'), {}, 550, '5.7.1'],
    ['is sent on behalf of another account’s domain', `Sender: ceo@OTHER.example\n${MAIL}`, {}, 550, '5.7.1'],
    ['has an envelope of another account', MAIL, { sender: address('x@other.example') }, 550, '5.7.1'],
    ['hides another From behind a group', MAIL.replace('A <a@src.example>', 'a@src.example, g: ceo@other.example;'), {}, 550, '5.7.1'],
    ['has two From fields', `From: z@z.example\n${MAIL}`, {}, 550, '5.6.0'],
    ['has a From that is no address', MAIL.replace('A <a@src.example>', 'nobody'), {}, 550, '5.6.0'],
    ['has neither From nor sender', 'Subject: x\n\nx\n', { sender: '' }, 550, '5.6.0'],
    ['belongs to a disabled domain', MAIL, { domain: domainRecord('src.example', { state: 'disabled' }) }, 550, '5.7.1'],
    ['is too large', `${MAIL}${'x'.repeat(25 * 1024 * 1024)}`, {}, 552, '5.3.4'],
  ] as const)('because it %s leaves nothing behind', async (_why, text, fields, smtpCode, enhancedCode) => {
    await expect(setUp().accept(submission(text, fields as Partial<Submission>))).rejects.toMatchObject({ smtpCode, enhancedCode });
    expect(puts).toEqual([]);
    expect(discarded).toBe(1);
  });

  it('because the store is full leaves nothing behind', async () => {
    failPut = new StoreError('full', 'disk');
    await expect(setUp().accept(submission(MAIL))).rejects.toBe(failPut);
    expect(discarded).toBe(1);
  });

  it('because the client went away leaves nothing behind', async () => {
    async function* broken() {
      yield Buffer.from('Subject: half');
      throw new Error('gone');
    }
    await expect(setUp().accept(submission('', { content: broken() }))).rejects.toThrow('gone');
    expect([puts.length, discarded]).toEqual([0, 1]);
  });
});

it('takes nothing in under pressure', async () => {
  pressure = new Refusal({ smtpCode: 452, enhancedCode: '4.3.1', httpStatus: 507, text: 'Insufficient system storage' });
  const intake = setUp();
  expect(intake.refusalNow(1)).toBe(pressure);
  await expect(intake.accept(submission(MAIL))).rejects.toBe(pressure);
  expect(puts).toEqual([]);
});

describe('a second DKIM key', () => {
  const name = { domain: 'key.example', selector: 's1' };
  const withField = (...fields: string[]) => `${fields.join('\n')}\n${MAIL}`;

  it.each(['Key.Example,S1', 'key.example/s1', ' key.example , s1 '])('is asked for as %j', async (value) => {
    await setUp().accept(submission(withField(`X-Mailgun-Secondary-DKIM: ${value}`, 'X-Mailgun-Secondary-DKIM-Public: pub.example/s9')));
    const { message, head } = stored();
    expect(message.options).toMatchObject({ secondaryDkim: name, secondaryDkimPublic: { domain: 'pub.example', selector: 's9' } });
    expect(head).not.toContain('X-Mailgun');
  });

  it('beside the message wins over the field', async () => {
    const options = { secondaryDkim: name };
    await setUp().accept(submission(withField('X-Mailgun-Secondary-DKIM: other.example,s1'), { options }));
    expect(stored().message.options.secondaryDkim).toEqual(name);
  });

  it.each([
    ['X-Mailgun-Secondary-DKIM: key.example', /expecting signing_domain,selector/],
    ['X-Mailgun-Secondary-DKIM: key.example,s 1', /expecting signing_domain,selector/],
    ['X-Mailgun-Secondary-DKIM: key.example,s2', /names no active domain key: key\.example,s2/],
    ['X-Mailgun-Secondary-DKIM-Public: pub.example,s1', /needs 'X-Mailgun-Secondary-DKIM'/],
  ])('is refused as %j', async (field, text) => {
    await expect(setUp().accept(submission(withField(field)))).rejects.toMatchObject({
      httpStatus: 400,
      publicText: expect.stringMatching(text),
    });
    expect(puts).toEqual([]);
  });

  it('of another account is refused', async () => {
    const intake = setUp();
    const other = { account: 2, domain: domainRecord('other.example', { account: 2 }), sender: address('a@other.example') };
    await expect(intake.accept(submission(MAIL, { ...other, options: { secondaryDkim: name } }))).rejects.toMatchObject({
      httpStatus: 400,
    });
  });
});

describe('the daily limit', () => {
  const unverified = { domain: domainRecord('src.example', { state: 'unverified' }) };

  it('counts recipients of unverified and sandbox domains, from where the day stands', async () => {
    used = 297;
    const intake = setUp(300);
    const three = ['x', 'y', 'z'].map((local) => address(`${local}@dst.example`));
    await intake.accept(submission(MAIL, { ...unverified, recipients: three }));
    expect(stored().usageDay).toBe('2026-03-04');
    await expect(intake.accept(submission(MAIL, unverified))).rejects.toMatchObject({
      smtpCode: 450,
      httpStatus: 429,
      publicText:
        'Domain src.example is not allowed to send: recipient limit exceeded, try again after Thu, 05 Mar 2026 00:00:00 UTC; verifying the domain (its SPF and DKIM records in DNS) lifts this limit',
    });
    const sandbox = { domain: domainRecord('src.example', { type: 'sandbox' }) };
    await expect(intake.accept(submission(MAIL, sandbox))).rejects.toMatchObject({ httpStatus: 429 });
  });

  it('does not charge a message that was not kept', async () => {
    used = 299;
    const intake = setUp(300);
    failPut = new StoreError('failed', 'io');
    await expect(intake.accept(submission(MAIL, unverified))).rejects.toThrow();
    failPut = undefined;
    await intake.accept(submission(MAIL, unverified));
    expect(puts).toHaveLength(1);
  });

  it('leaves verified domains alone, and everybody when it is off', async () => {
    used = 1000;
    await setUp(300).accept(submission(MAIL));
    await setUp(null).accept(submission(MAIL, unverified));
    expect(puts).toHaveLength(2);
  });
});

describe('a message that is refused', () => {
  const refuse = (intake: ReturnType<typeof setUp>, fields = 'X-Mailgun-Dkim: maybe\n') =>
    intake.accept(submission(`X-Mailgun-Tag: spring\n${fields}${MAIL}`)).catch((error: unknown) => error);

  it('leaves one event that tells whose message it was and why it was refused', async () => {
    const refusal = await refuse(setUp());
    expect(refusal).toBeInstanceOf(Refusal);
    expect(puts).toEqual([]);
    expect(rejected).toMatchObject([
      { account: 1, domain: 'src.example', event: 'rejected', recipient: '', messageId: 'x1@src.example', severity: '' },
    ]);
    expect(JSON.parse(rejected[0]?.body ?? '')).toMatchObject({
      event: 'rejected',
      'log-level': 'warn',
      account: { id: 'a'.repeat(24) },
      domain: { name: 'src.example' },
      flags: { 'is-authenticated': true, 'is-test-mode': false },
      message: { headers: { to: 'Bob <bob@dst.example>', 'message-id': 'x1@src.example', subject: 'Grüße' }, attachments: [] },
      reject: { reason: (refusal as Refusal).publicText, description: '' },
      campaigns: [],
      'user-variables': {},
    });
  });

  it('leaves none when it may be sent later', async () => {
    used = 10;
    const unverified = submission(MAIL, { domain: domainRecord('src.example', { state: 'unverified' }) });
    await expect(setUp(10).accept(unverified)).rejects.toMatchObject({ smtpCode: 450 });
    expect(rejected).toEqual([]);
  });

  it('leaves a bounded number of them, whatever a client repeats', async () => {
    const intake = setUp();
    for (let count = 0; count < 100; count++) expect(await refuse(intake)).toBeInstanceOf(Refusal);
    expect(rejected).toHaveLength(60);
  });

  it('is refused for the same reason when the event cannot be stored', async () => {
    failRejected = new StoreError('full', 'no space');
    expect(await refuse(setUp())).toMatchObject({ smtpCode: 550, publicText: expect.stringContaining('X-Mailgun-Dkim') });
  });
});
