import { afterEach, describe, expect, it } from 'vitest';
import { StoreError } from '#core';
import type { DeliveryOptions } from '#delivery';
import { freePort } from '../../support/free-port.mjs';
import { type ScriptedMx, type ScriptedMxOptions, startScriptedMx } from '../../support/scripted-mx.mjs';
import { waitFor } from '../../support/wait-for.mjs';
import { type Harness, makeHarness, QUICK, type Zone } from './support/harness.js';

let mx: ScriptedMx;
let harness: Harness;

async function start(
  options: ScriptedMxOptions = {},
  delivery: Partial<DeliveryOptions> = {},
  zones: Record<string, Zone> = {},
): Promise<void> {
  mx = await startScriptedMx(options);
  harness = makeHarness({ port: mx.port, ...delivery }, zones);
}

afterEach(async () => {
  await harness.delivery.stop(0);
  await mx.close();
});

/** Without PIPELINING: the scripted peer writes its three replies apart, and each batch would cost a delayed ACK. */
const STEPWISE = { extensions: ['8BITMIME'] };

const many = (count: number, domain = 'dst.test') => Array.from({ length: count }, (_, index) => `user${index}@${domain}`);
const verbs = (commands: string[]) => commands.map((line) => line.split(/[ :]/)[0]);

describe('connections', () => {
  it('serve many messages without a RSET between them', async () => {
    await start(STEPWISE, { concurrencyPerDestination: 1 });
    await harness.send({}, ...many(50));
    expect(mx.connections.total).toBe(1);
    expect(verbs(mx.sessions[0]?.commands ?? []).slice(0, 7)).toEqual(['EHLO', 'MAIL', 'RCPT', 'DATA', 'MAIL', 'RCPT', 'DATA']);
    expect(mx.messages.length).toBe(50);
  });

  it('are not used for more than a hundred messages', async () => {
    await start(STEPWISE, { concurrencyPerDestination: 1 });
    await harness.send({}, ...many(120));
    expect(mx.sessions.map(({ messages }) => messages)).toEqual([100, 20]);
  });

  it('say QUIT after a few idle seconds', async () => {
    await start({}, { timeouts: { ...QUICK, idle: 100 } });
    await harness.send();
    await waitFor(() => mx.sessions[0]?.closed);
    expect(mx.sessions[0]?.commands.at(-1)).toBe('QUIT');
    expect(harness.delivery.stats().connections).toEqual({ open: 0, idle: 0 });
  });

  it('that the peer closed while idle cost no attempt', async () => {
    let session = 0;
    await start({ script: { mail: ({ session: { id, messages } }) => (messages > 0 && id === session ? 'close' : 'default') } });
    await harness.send();
    session = mx.sessions[0]?.id ?? 0;
    const [settled] = await harness.send();
    expect(settled?.event['delivery-status']).toMatchObject({ code: 250, 'attempt-no': 1 });
    expect(mx.sessions.length).toBe(2);
  });

  it('that got 421 pass the message on to another one, once', async () => {
    await start({ script: { rcpt: ['421 4.3.2 enough', 'default'] } });
    const [settled] = await harness.send();
    expect(settled?.event['delivery-status']).toMatchObject({ code: 250, 'attempt-no': 1 });
    expect(mx.sessions.length).toBe(2);
  });

  it('are reset after a refusal and used again', async () => {
    await start({ script: { rcpt: ['550 5.1.1 nobody', 'default'] } }, { concurrencyPerDestination: 1 });
    const settled = await harness.send({}, ...many(3));
    expect(settled.map(({ event }) => event.event)).toEqual(['failed', 'delivered', 'delivered']);
    expect(mx.sessions.length).toBe(1);
    expect(verbs(mx.sessions[0]?.commands ?? []).filter((verb) => verb === 'RSET').length).toBe(1);
  });
});

describe('recipients of one message', () => {
  it('end each by its own answer', async () => {
    await start({ script: {}, recipients: { 'c@dst.test': '550 5.1.1 no such user', 'd@dst.test': '450 4.2.1 later' } });
    const settled = await harness.send({}, 'a@dst.test', 'b@dst.test', 'c@dst.test', 'd@dst.test');
    expect(settled.map(({ event }) => [event.event, event.severity ?? '', event.reason ?? ''])).toEqual([
      ['delivered', '', ''],
      ['delivered', '', ''],
      ['failed', 'permanent', 'bounce'],
      ['failed', 'temporary', 'generic'],
    ]);
    expect(settled[2]?.event['delivery-status']).toMatchObject({ code: 550, 'enhanced-code': '5.1.1', 'bounce-type': 'hard' });
    expect(settled[3]?.verdict).toMatchObject({ kind: 'defer', attempts: 1, last: { code: 450, enhancedCode: '4.2.1' } });
    expect(mx.messages.flatMap(({ rcptTo }) => rcptTo).sort()).toEqual(['a@dst.test', 'b@dst.test']);
  });
});

describe('what a reply means', () => {
  it('is decided by the bounce rules, whose id the event carries', async () => {
    await start({
      script: {},
      recipients: { 'a@dst.test': '550 5.1.1 no such user', 'b@dst.test': '450 4.7.1 Greylisted, try again in 20 minutes' },
    });
    const [gone, grey] = await harness.send({}, 'a@dst.test', 'b@dst.test');
    expect(gone?.event).toMatchObject({ reason: 'bounce', severity: 'permanent' });
    expect(gone?.event['delivery-status']['classification-rule']).toMatch(/^[0-9a-f]+$/);
    expect(gone?.event['delivery-status'].description).not.toBe('');
    expect(grey?.event).toMatchObject({ reason: 'greylisted', severity: 'temporary', 'delivery-status': { 'retry-seconds': 1200 } });
  });

  it('is not asked for what we say ourselves', async () => {
    mx = await startScriptedMx();
    harness = makeHarness({ port: await freePort() });
    const [settled] = await harness.send();
    expect(settled?.event['delivery-status']['classification-rule']).toBeUndefined();
  });
});

describe('what ends without a connection', () => {
  it('is mail in test mode', async () => {
    await start();
    const [settled] = await harness.send({ options: { testMode: true } });
    expect(settled?.event).toMatchObject({
      event: 'delivered',
      'delivery-status': { code: 650, message: 'Message was sent in test mode', 'session-seconds': 0 },
    });
    expect(mx.sessions).toEqual([]);
  });

  it('is mail that is too old, with the last answer it got', async () => {
    await start();
    const last = { firstAttemptAt: 1, code: 421, enhancedCode: '4.4.1', message: '4.4.1 connection timed out', mxHost: 'mx1.example.org' };
    const [settled] = await harness.send({ acceptedAt: 1, expiresAt: 2, delivery: { attempts: 7, last } });
    expect(settled?.event).toMatchObject({
      severity: 'permanent',
      reason: 'old',
      'delivery-status': {
        'attempt-no': 8,
        code: 602,
        message: 'Too old',
        'last-code': 421,
        'last-message': '4.4.1 connection timed out',
        'mx-host': 'mx1.example.org',
      },
    });
    expect(settled?.event['delivery-status']['bounce-type']).toBeUndefined();
    expect(mx.sessions).toEqual([]);
  });

  it('is mail of a domain that its owner deleted', async () => {
    await start();
    harness.domain = undefined;
    const [settled] = await harness.send();
    expect(settled?.event).toMatchObject({
      severity: 'permanent',
      'delivery-status': { code: 550, message: '5.1.8 Sending domain src.test was deleted' },
    });
    expect(mx.sessions).toEqual([]);
  });
});

describe('lanes', () => {
  it('never exceed the cap of a destination, and reach it', async () => {
    await start({ script: { dot: { delayMs: 5 } } }, { concurrencyPerDestination: 6 });
    await harness.send({}, ...many(200));
    expect(mx.connections.max).toBe(6);
    expect(harness.queue.maxHeld).toBeLessThanOrEqual(6 + 2 * 12);
    expect(mx.messages.length).toBe(200);
  });

  it('never exceed the total, and every destination gets some', async () => {
    const names = ['d1', 'd2', 'd3', 'd4', 'd5'];
    const zones: Record<string, Zone> = Object.fromEntries(names.map((name) => [`${name}.test`, { mx: [`mx.${name}.test`] }]));
    for (const name of names) zones[`mx.${name}.test`] = { a: ['127.0.0.1'] };
    let sending = 0;
    let most = 0;
    const dot = async () => {
      most = Math.max(most, ++sending);
      await new Promise((resolve) => setTimeout(resolve, 10));
      sending -= 1;
      return 'default' as const;
    };
    await start({ script: { dot } }, { concurrencyTotal: 4 }, zones);
    const busy = harness.put({}, ...many(120, 'd1.test'));
    await waitFor(() => harness.queue.settled.length > 20);
    const others = ['d2', 'd3', 'd4', 'd5'].flatMap((name) => harness.put({}, ...many(3, `${name}.test`)));
    await harness.settledFor(others);
    expect(harness.queue.settled.length).toBeLessThan(100);
    await harness.settledFor(busy);
    // Connections may be more: as many are kept unused, and others are being closed.
    expect(most).toBe(4);
    await waitFor(() => harness.delivery.stats().lanes === 0);
  });

  it('of a dead destination leave room for the others', async () => {
    const zones: Record<string, Zone> = {};
    for (let index = 0; index < 10; index++) zones[`dead${index}.test`] = { mx: ['silent.test'] };
    const silent = await startScriptedMx({ host: '127.0.0.31', script: { banner: 'silence' } });
    mx = await startScriptedMx({ port: silent.port });
    harness = makeHarness({ port: mx.port, concurrencyTotal: 8, timeouts: QUICK }, { ...zones, 'silent.test': { a: ['127.0.0.31'] } });
    for (let index = 0; index < 10; index++) harness.put({}, ...many(20, `dead${index}.test`));
    await harness.send({}, 'first@dst.test');
    const began = performance.now();
    await harness.settledFor(harness.put({}, ...many(50)));
    expect(performance.now() - began).toBeLessThan(4000);
    await harness.delivery.stop(0);
    await silent.close();
  });

  it('are one for mail to a domain that does not exist, which waits for nothing but our own disk', async () => {
    await start();
    const settled = await harness.send({}, ...many(60, 'nowhere.test'));
    expect(settled.every(({ event }) => event.event === 'failed' && event.severity === 'permanent')).toBe(true);
    // One that is being ended, and the one whose end is being written.
    expect(harness.queue.maxHeld).toBeLessThanOrEqual(2);
  });

  it('go on when a store that failed works again, without sending twice', async () => {
    await start();
    let failures = 2;
    harness.queue.settleGate = async () => {
      if (failures-- > 0) throw new StoreError('full', 'no space');
    };
    await harness.send();
    expect(mx.attempts.length).toBe(1);
    expect(harness.queue.settled.length).toBe(1);
  });

  it('run at most one attempt ahead of a settlement that hangs', async () => {
    await start({}, { concurrencyPerDestination: 1 });
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    harness.queue.settleGate = () => gate;
    const put = harness.put({}, ...many(10));
    await mx.waitForMessages(2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(mx.attempts.length).toBe(2);
    release();
    await harness.settledFor(put);
  });
});

describe('a site', () => {
  it('is shared by all domains with the same mail exchangers, in any order', async () => {
    await start(
      { script: { dot: { delayMs: 5 } } },
      { concurrencyPerDestination: 3 },
      {
        'one.test': { mx: ['mx1.test', 'mx2.test'] },
        'two.test': { mx: ['mx2.test', 'mx1.test'] },
        'mx1.test': { a: ['127.0.0.1'] },
        'mx2.test': { a: ['127.0.0.1'] },
      },
    );
    await harness.send({}, ...many(30, 'one.test'), ...many(30, 'two.test'));
    expect([...harness.queue.sites]).toEqual([
      ['one.test', '(mx1|mx2).test'],
      ['two.test', '(mx1|mx2).test'],
    ]);
    // Three lanes, and as many connections that are kept to the other host.
    expect(mx.connections.max).toBeLessThanOrEqual(6);
  });

  it('of a peer that allows five connections costs hardly anybody an attempt', async () => {
    await start({
      script: { banner: () => (mx.connections.open > 5 ? '421 4.7.0 too many connections' : 'default'), dot: { delayMs: 4 } },
    });
    const settled = await harness.send({}, ...many(400));
    const deferred = settled.filter(({ verdict }) => verdict.kind === 'defer').length;
    expect(deferred / settled.length).toBeLessThanOrEqual(0.17);
    expect(mx.connections.max).toBeLessThanOrEqual(6);
    expect(mx.sessions.filter(({ commands }) => commands.length === 0).length).toBeLessThanOrEqual(3);
    expect(deferred).toBe(0);
  });

  it('that does not answer is left alone after a few attempts, and nothing else of its mail is touched', async () => {
    mx = await startScriptedMx();
    harness = makeHarness({ port: await freePort() });
    harness.put({}, ...many(1000));
    await waitFor(() => harness.delivery.stats().suspended === 1);
    expect(harness.queue.resting.get('mx.dst.test')).toMatch(/^no session could be had: 4\.4\.1 Connection to mx\.dst\.test/);
    await waitFor(() => harness.queue.held.size === 0);
    expect(harness.queue.settled.length).toBeLessThanOrEqual(4);
    expect(harness.queue.settled.every(({ verdict }) => verdict.kind === 'defer')).toBe(true);
  });
});

describe('stop', () => {
  it('finishes what is being sent, gives back the rest and says QUIT', async () => {
    await start({ script: { dot: { delayMs: 200 } } }, { concurrencyPerDestination: 2 });
    harness.put({}, ...many(20));
    await waitFor(() => mx.attempts.length > 0);
    await harness.delivery.stop(3000);
    expect(mx.messages.length).toBe(mx.attempts.length);
    expect(harness.queue.settled.length).toBe(mx.messages.length);
    expect(harness.queue.held.size).toBe(0);
    expect(harness.queue.settled.every(({ event }) => event.event === 'delivered')).toBe(true);
    await waitFor(() => mx.connections.open === 0);
  });

  it('cuts a peer that does not answer the dot, as uncertain', async () => {
    await start({ script: { dot: 'silence' } }, { timeouts: { ...QUICK, dot: 60_000 } });
    const put = harness.put();
    await waitFor(() => mx.attempts.length > 0);
    await harness.delivery.stop(50);
    const [settled] = await harness.settledFor(put);
    expect(settled?.verdict.kind).toBe('defer');
    expect(settled?.event['delivery-status'].message).toContain('may have been delivered');
  });

  it('does not wait for a host that is being connected to', async () => {
    await start({ script: { banner: 'silence' } }, { timeouts: { ...QUICK, setup: 60_000, attempt: 60_000 } });
    harness.put();
    await waitFor(() => mx.sessions.length > 0);
    const began = performance.now();
    await harness.delivery.stop(25_000);
    expect(performance.now() - began).toBeLessThan(15_000);
    expect(harness.queue.returned.length).toBe(1);
    expect(harness.queue.settled).toEqual([]);
  });
});

it('a destination that nobody listens at is retried by the schedule', async () => {
  mx = await startScriptedMx();
  harness = makeHarness({ port: await freePort() });
  const [settled] = await harness.send({
    delivery: { attempts: 2, last: { firstAttemptAt: 5, code: 450, enhancedCode: '', message: 'x' } },
  });
  expect(settled?.verdict).toMatchObject({ kind: 'defer', attempts: 3, last: { firstAttemptAt: 5, code: 421, enhancedCode: '4.4.1' } });
  expect(settled?.event['delivery-status']).toMatchObject({ 'attempt-no': 3, 'retry-seconds': 1800 });
});
