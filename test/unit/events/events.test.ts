import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { type Delivery, type Message, type Outcome, recipientStorageKey } from '#core';
import { makeEventLogReader, makeOutboxPump, makeRecorder, type OutboxReader, recipientProvider } from '#events';
import { decideResumption } from '#events/outbox/resume-reader.js';
import type { OutboxRow } from '#store';
import { ADDRESS, messageOf } from '../queue/support/messages.ts';

const NOW = 1_772_619_332_880;
const ACCOUNT = '5f0c1d2e3a4b5c6d7e8f9a0b';
const clock = { now: () => NOW, monotonic: () => NOW };
const delivery: Delivery = {
  id: 7,
  message: 1,
  destination: 1,
  account: 1,
  priority: 0,
  recipient: ADDRESS,
  destinationName: 'dst.example',
  due: NOW,
  attempts: 0,
};
const message = {
  ...messageOf(1, { acceptedAt: NOW - 182 }),
  facts: {
    ...messageOf(1).facts,
    apiKeyId: '3f2a1b0c-9d8e7f60',
    attachments: [{ filename: 'receipt.pdf', contentType: 'application/pdf', size: 1042 }],
    tags: ['order'],
    userVariables: { order_id: '1001' },
  },
};
const connection = {
  mxHost: 'mx1.dst.example',
  mxHostIp: '192.0.2.44',
  sendingIp: '192.0.2.10',
  tls: true,
  certificateVerified: true,
  cipher: 'TLS_AES_256_GCM_SHA384',
  utf8: true,
};
const base = { message, accountId: ACCOUNT, delivery, attempt: 1 };
const bodyOf = (row: { body: string }) => JSON.parse(row.body);

/** Keys that every event of a message has. */
const COMMON = [
  'event',
  'id',
  'timestamp',
  'log-level',
  'account',
  'domain',
  'method',
  'envelope',
  'flags',
  'message',
  'storage',
  'recipient',
  'recipient-domain',
  'recipient-provider',
  'tags',
  'campaigns',
  'user-variables',
];

describe('makeRecorder', () => {
  const recorder = makeRecorder({ clock });

  it('records a refused message once, without what it would take to keep it', () => {
    const { headers, attachments, tags, userVariables } = message.facts;
    const told = { headers, attachments, tags, userVariables, isAuthenticated: true, isTestMode: true, size: 2010 };
    const row = recorder.rejected({ account: 1, accountId: ACCOUNT, domain: 'src.example', ...told, reason: 'Too many hops' });
    const event = bodyOf(row);
    const absent = ['method', 'envelope', 'storage', 'recipient', 'recipient-domain', 'recipient-provider'];
    expect(Object.keys(event).sort()).toEqual([...COMMON.filter((key) => !absent.includes(key)), 'reject'].sort());
    expect(event).toMatchObject({
      event: 'rejected',
      'log-level': 'warn',
      flags: { 'is-authenticated': true, 'is-test-mode': true },
      message: { headers: { to: ADDRESS, 'message-id': '1@src.example' }, attachments: [{ filename: 'receipt.pdf' }], size: 2010 },
      reject: { reason: 'Too many hops', description: '' },
      tags: ['order'],
      'user-variables': { order_id: '1001' },
    });
    expect(row).toMatchObject({
      id: event.id,
      account: 1,
      domain: 'src.example',
      event: 'rejected',
      recipient: '',
      messageId: '1@src.example',
    });
  });

  it('says when a message is scheduled for', () => {
    const row = recorder.accepted({ message, accountId: ACCOUNT, id: 7, recipient: ADDRESS, recipients: [ADDRESS], due: NOW + 60_000 });
    expect(bodyOf(row).message['scheduled-for']).toBe(Math.floor(NOW / 1000) + 60);
  });

  it('records an accepted message with every field of Mailgun’s event', () => {
    const row = recorder.accepted({
      message,
      accountId: ACCOUNT,
      id: 7,
      recipient: ADDRESS,
      recipients: [ADDRESS, 'c@d.example'],
      due: NOW - 182,
    });
    const event = bodyOf(row);
    expect(Object.keys(event).sort()).toEqual([...COMMON, 'originating-ip', 'api-key-id'].sort());
    expect(event).toMatchObject({
      event: 'accepted',
      'log-level': 'info',
      account: { id: ACCOUNT },
      domain: { name: 'src.example' },
      method: 'http',
      'originating-ip': '198.51.100.7',
      'api-key-id': '3f2a1b0c-9d8e7f60',
      envelope: { sender: 'a@src.example', transport: 'smtp', targets: ADDRESS },
      flags: { 'is-authenticated': true, 'is-system-test': false, 'is-test-mode': false, 'is-routed': false },
      message: {
        headers: { to: ADDRESS, 'message-id': '1@src.example', from: 'a@src.example', subject: 'hi' },
        attachments: [{ filename: 'receipt.pdf', 'content-type': 'application/pdf', size: 1042 }],
        size: message.size,
        recipients: [ADDRESS, 'c@d.example'],
      },
      storage: { key: 'key1', env: 'production' },
      recipient: ADDRESS,
      'recipient-domain': 'dst.example',
      'recipient-provider': 'Other',
      tags: ['order'],
      campaigns: [],
      'user-variables': { order_id: '1001' },
    });
    expect(event.id).toMatch(/^[\w-]{22}$/);
    expect(row).toMatchObject({
      id: event.id,
      account: 1,
      domain: 'src.example',
      event: 'accepted',
      recipient: ADDRESS,
      messageId: '1@src.example',
      severity: '',
    });
  });

  it('records a delivery', () => {
    const outcome: Extract<Outcome, { kind: 'delivered' }> = {
      kind: 'delivered',
      reply: { code: 250, enhancedCode: '2.0.0', text: 'OK' },
      connection,
      sessionMs: 1253.4,
      dkim: 's1._domainkey.src.example',
    };
    const event = bodyOf(recorder.delivered({ ...base, outcome, firstAttemptAt: NOW }));
    expect(Object.keys(event).sort()).toEqual([...COMMON, 'primary-dkim', 'delivery-status'].sort());
    expect(event.envelope['sending-ip']).toBe('192.0.2.10');
    expect(event['delivery-status']).toEqual({
      'attempt-no': 1,
      code: 250,
      message: 'OK',
      description: '',
      'enhanced-code': '2.0.0',
      'session-seconds': 1.2534,
      'mx-host': 'mx1.dst.example',
      'mx-host-ip': '192.0.2.44',
      'certificate-verified': true,
      tls: true,
      cipher: 'TLS_AES_256_GCM_SHA384',
      utf8: true,
      'first-delivery-attempt-seconds': 0.182,
    });
  });

  const failure = {
    reply: { code: 452, enhancedCode: '4.2.2', text: '4.2.2 over quota' },
    stage: 'rcpt',
    reason: 'generic',
    connection,
    sessionMs: 128.1,
  } as const;

  it('records a temporary failure with the time of the next try', () => {
    const row = recorder.failed({ ...base, outcome: { kind: 'deferred', ...failure }, severity: 'temporary', retrySeconds: 600 });
    expect(bodyOf(row)).toMatchObject({
      event: 'failed',
      severity: 'temporary',
      reason: 'generic',
      'log-level': 'warn',
      'delivery-status': {
        code: 452,
        'enhanced-code': '4.2.2',
        message: '4.2.2 over quota',
        'bounce-type': 'soft',
        'retry-seconds': 600,
        description: '',
      },
    });
    expect(row.severity).toBe('temporary');
  });

  it('records a permanent failure', () => {
    const event = bodyOf(recorder.failed({ ...base, outcome: { kind: 'failed', ...failure, reason: 'bounce' }, severity: 'permanent' }));
    expect(event).toMatchObject({
      severity: 'permanent',
      reason: 'bounce',
      'log-level': 'error',
      'delivery-status': { 'bounce-type': 'hard' },
    });
    expect(event['delivery-status']).not.toHaveProperty('retry-seconds');
  });

  it('records an expired message with the last answer', () => {
    const last = { firstAttemptAt: NOW - 1000, code: 421, enhancedCode: '4.4.1', message: '4.4.1 connection timed out' };
    const outcome = {
      kind: 'failed',
      reply: { code: 602, enhancedCode: '', text: 'Too old' },
      stage: 'local',
      reason: 'old',
      connection: {},
      sessionMs: 0,
    } as const;
    const event = bodyOf(
      recorder.failed({ ...base, delivery: { ...delivery, attempts: 7, last }, attempt: 8, outcome, severity: 'permanent' }),
    );
    expect(event['delivery-status']).toEqual({
      'attempt-no': 8,
      code: 602,
      message: 'Too old',
      description: '',
      'session-seconds': 0,
      'last-code': 421,
      'last-message': '4.4.1 connection timed out',
    });
  });

  it('follows a clock that is set back, but not one that trembles', () => {
    let now = NOW;
    const recorder = makeRecorder({ clock: { now: () => now, monotonic: () => 0 } });
    const at = () => recorder.accepted({ message, accountId: ACCOUNT, id: 7, recipient: ADDRESS, recipients: [ADDRESS], due: NOW }).at;
    const first = at();
    now -= 9000;
    expect(at()).toBe(first + 1);
    now = NOW - 86_400_000;
    expect(at()).toBe(now * 1000);
    expect(at()).toBe(now * 1000 + 1);
  });

  it('names the stored message, and of a batch the one of the recipient', () => {
    const keyOf = (shown: Message, id: number) => {
      const to = { id, recipient: ADDRESS, recipients: [ADDRESS], due: NOW };
      return bodyOf(recorder.accepted({ message: shown, accountId: ACCOUNT, ...to })).storage.key;
    };
    const { storageKey } = message.facts;
    expect([keyOf(message, 7), keyOf(message, 8)]).toEqual([storageKey, storageKey]);
    const batch = { ...message, merge: {} };
    expect([keyOf(batch, 7), keyOf(batch, 8)]).toEqual([recipientStorageKey(storageKey, 7), recipientStorageKey(storageKey, 8)]);
    expect(keyOf(batch, 7)).not.toBe(keyOf(batch, 8));
  });

  it('never gives two events the same time, so that paging by time loses none', () => {
    const times = Array.from(
      { length: 100 },
      () => recorder.accepted({ message, accountId: ACCOUNT, id: 7, recipient: ADDRESS, recipients: [ADDRESS], due: NOW }).at,
    );
    expect(new Set(times).size).toBe(100);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
  });
});

describe('recipientProvider', () => {
  it.each([
    ['gmail.com', undefined, 'Gmail'],
    ['gmail.com', 'alt1.gmail-smtp-in.l.google.com', 'Gmail'],
    ['firm.example', 'aspmx.l.google.com', 'Google Workspace'],
    ['firm.example', 'firm-example.mail.protection.outlook.com', 'Outlook 365'],
    ['hotmail.co.uk', undefined, 'Outlook'],
    ['aol.com', 'mx-aol.mail.gm0.yahoodns.net', 'Yahoo'],
    ['notgmail.com', undefined, 'Other'],
    ['firm.example', 'mx.google.com.evil.example', 'Other'],
  ])('%s by %s is %s', (domain, mx, provider) => expect(recipientProvider(domain, mx)).toBe(provider));
});

describe('makeOutboxPump', () => {
  const rowsFrom = (count: number): OutboxRow[] =>
    Array.from({ length: count }, (_, index) => ({
      seq: index + 1,
      id: `e${index}`,
      account: 1,
      domain: 'd',
      at: index,
      event: 'accepted',
      recipient: 'r',
      messageId: 'm',
      severity: '',
      body: '{}',
    }));

  function setUp(count: number) {
    let rows = rowsFrom(count);
    const trims: number[] = [];
    const outbox = (after: number, limit: number) => rows.filter((row) => row.seq > after).slice(0, limit);
    const spool = {
      outboxExtent: async () => ({ spool: 's', first: rows[0]?.seq ?? count + 1, last: count }),
      trimOutbox: async (seq: number) => {
        trims.push(seq);
        rows = rows.filter((row) => row.seq > seq);
      },
    };
    const reader = (name: string, read: (rows: OutboxRow[]) => Promise<void>, position = 0): OutboxReader => ({
      name,
      position: async () => position,
      async take(after, limit) {
        const taken = outbox(after, limit);
        if (taken.length > 0) await read(taken);
        return { count: taken.length, position: taken.at(-1)?.seq ?? after };
      },
    });
    return { spool, reader, trims, left: () => rows.length };
  }

  const logger = pino({ level: 'silent' });

  it('gives each reader everything once and in order, and removes what all have', async () => {
    const { spool, reader, left } = setUp(2500);
    const seen: Record<string, number[]> = { a: [], b: [] };
    const readers = ['a', 'b'].map((name) => reader(name, async (rows) => void seen[name]?.push(...rows.map((row) => row.seq))));
    const pump = makeOutboxPump({ spool, readers, logger });
    await pump.start();
    await expect.poll(left).toBe(0);
    const all = Array.from({ length: 2500 }, (_, index) => index + 1);
    expect(seen).toEqual({ a: all, b: all });
    await pump.stop();
  });

  it('a reader that hangs holds no other back, and keeps what it has not had', async () => {
    const { spool, reader, left } = setUp(10);
    let release = (): void => undefined;
    const hanging = reader('slow', () => new Promise<void>((resolve) => (release = resolve)));
    const seen: number[] = [];
    const pump = makeOutboxPump({
      spool,
      readers: [hanging, reader('fast', async (rows) => void seen.push(...rows.map((row) => row.seq)))],
      logger,
    });
    await pump.start();
    await expect.poll(() => seen.length).toBe(10);
    expect(left()).toBe(10);
    release();
    await expect.poll(left).toBe(0);
    await pump.stop();
  });

  it('gives the same rows again after a failure, and goes on where the reader was', async () => {
    const { spool, reader, left } = setUp(5);
    const batches: number[][] = [];
    const flaky = reader(
      'flaky',
      async (rows) => {
        batches.push(rows.map((row) => row.seq));
        if (batches.length === 1) throw new Error('no');
      },
      2,
    );
    const pump = makeOutboxPump({ spool, readers: [flaky], logger });
    await pump.start();
    await expect.poll(left, { timeout: 5000 }).toBe(0);
    expect(batches).toEqual([
      [3, 4, 5],
      [3, 4, 5],
    ]);
    await pump.stop();
  });

  it('knows when a reader stands beyond what there ever was', async () => {
    const { spool, reader } = setUp(5);
    const stands = async (position: number) => {
      const pump = makeOutboxPump({ spool, readers: [reader('a', async () => undefined, position)], logger });
      await pump.start();
      await pump.stop();
      return pump.isBeyond();
    };
    expect(await stands(5)).toBe(false);
    expect(await stands(6)).toBe(true);
  });

  it.each([
    ['a new reader', undefined, { first: 1, last: 9 }, { position: 0 }],
    ['one that goes on', { position: 4, spool: 's' }, { first: 3, last: 9 }, { position: 4 }],
    ['one that has everything', { position: 9, spool: 's' }, { first: 10, last: 9 }, { position: 9 }],
    ['one whose position has no spool’s name yet', { position: 4, spool: '' }, { first: 5, last: 9 }, { position: 4 }],
    [
      'the same in a spool that was made anew',
      { position: 4, spool: '' },
      { first: 1, last: 0 },
      { position: 0, rewound: 'beyond the outbox' },
    ],
    [
      'one of another spool, which is longer',
      { position: 4, spool: 'o' },
      { first: 1, last: 9 },
      { position: 0, rewound: 'another spool' },
    ],
    [
      'one of a spool that was restored from an older copy',
      { position: 12, spool: 's' },
      { first: 8, last: 9 },
      { position: 0, rewound: 'beyond the outbox' },
    ],
    ['one whose own file is older', { position: 4, spool: 's' }, { first: 8, last: 9 }, { position: 4, missing: 3 }],
    ['one whose own file is new', undefined, { first: 10, last: 9 }, { position: 0, missing: 9 }],
  ])('%s begins where nothing is left out', (_which, cursor, extent, expected) => {
    const resumption = decideResumption(cursor, { spool: 's', ...extent });
    expect(resumption).toEqual({ rewound: undefined, missing: 0, ...expected });
  });

  it('the log’s reader keeps its position in the log', async () => {
    const appended: [string, number, number][] = [];
    const events = {
      appendOutbox: async (name: string, after: number, limit: number) => {
        appended.push([name, after, limit]);
        return { count: 3, position: after + 3 };
      },
      cursor: async () => ({ position: 41, spool: 's' }),
      rewindReader: async () => undefined,
    };
    const spool = { outboxExtent: async () => ({ spool: 's', first: 42, last: 60 }) };
    const log = makeEventLogReader({ events, spool, logger });
    expect(await log.position()).toBe(41);
    expect(await log.take(41, 10)).toEqual({ count: 3, position: 44 });
    expect(appended).toEqual([[log.name, 41, 10]]);
  });
});
