/** Mail that leaves from several addresses of this machine: 127.0.0.2, 127.0.0.3, ::1. */
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { loadShaping, type ShapingRules } from '#config';
import { systemClock } from '#core';
import { type DeliveryOptions, makeWarmups, type Warmups } from '#delivery';
import { freePort } from '../../support/free-port.mjs';
import { type ScriptedMx, type ScriptedMxOptions, startScriptedMx } from '../../support/scripted-mx.mjs';
import { waitFor } from '../../support/wait-for.mjs';
import { type Harness, makeHarness, type Zone } from './support/harness.js';

const A = '127.0.0.2';
const B = '127.0.0.3';
const SOURCES = [{ ipv4: A, ehlo: 'a.out.test' }, { ipv4: B }];

let mx: ScriptedMx;
let harness: Harness;
const others: ScriptedMx[] = [];

async function start(
  options: ScriptedMxOptions = {},
  delivery: Partial<DeliveryOptions> & { warmups?: Warmups; shapingRules?: ShapingRules } = {},
  zones: Record<string, Zone> = {},
) {
  mx = await startScriptedMx(options);
  harness = makeHarness({ port: mx.port, sources: SOURCES, ...delivery }, zones);
}

afterEach(async () => {
  await harness.delivery.stop(0);
  await Promise.all([mx.close(), ...others.splice(0).map((other) => other.close())]);
});

const many = (count: number, name = 'user') => Array.from({ length: count }, (_, index) => `${name}${index}@dst.test`);
const from = (address: string, events: { event: { envelope: { 'sending-ip'?: string } } }[]) =>
  events.filter(({ event }) => event.envelope['sending-ip'] === address).length;
/** Of the session that carried each message. */
const sessionOf = (session: number) => mx.sessions.find(({ id }) => id === session);

describe('sources', () => {
  it('share the mail, each with its own connections and its own name', async () => {
    await start();
    const settled = await harness.send({}, ...many(40));
    expect(from(A, settled) + from(B, settled)).toBe(40);
    expect(Math.min(from(A, settled), from(B, settled))).toBeGreaterThan(5);
    for (const { session, helo } of mx.messages) {
      const address = sessionOf(session)?.remoteAddress;
      expect(helo).toBe(address === A ? 'a.out.test' : 'out.test');
    }
    expect(new Set(mx.sessions.map(({ remoteAddress }) => remoteAddress))).toEqual(new Set([A, B]));
  });

  it('stay with a recipient from message to message', async () => {
    await start();
    for (let round = 0; round < 3; round++) await harness.send({}, ...many(6));
    for (const recipient of many(6)) {
      const used = mx.messages.filter(({ rcptTo }) => rcptTo.includes(recipient)).map(({ session }) => sessionOf(session)?.remoteAddress);
      expect(used.length).toBe(3);
      expect(new Set(used).size).toBe(1);
    }
  });

  it('lose and repeat nothing when paths are narrow and much waits for them', async () => {
    await start({}, { concurrencyPerDestination: 1 });
    await harness.send({}, ...many(400));
    const recipients = mx.messages.flatMap(({ rcptTo }) => rcptTo);
    expect(recipients.length).toBe(400);
    expect(new Set(recipients).size).toBe(400);
    expect(harness.queue.maxHeld).toBeLessThan(60);
  });

  it('are what the message asks for', async () => {
    await start();
    const settled = await harness.send({ options: { sendingIp: B } }, ...many(8));
    expect(from(B, settled)).toBe(8);
    expect(mx.sessions.every(({ remoteAddress }) => remoteAddress === B)).toBe(true);
  });

  it('need an address of the family of the peer', async () => {
    await start({ host: '::1' }, { sources: [{ ipv4: A }, { ipv4: B, ipv6: '::1' }] }, { 'mx.dst.test': { aaaa: ['::1'] } });
    const settled = await harness.send({}, ...many(6));
    expect(settled.map(({ event }) => event.event)).toEqual(Array(6).fill('delivered'));
    expect(from('::1', settled)).toBe(6);
  });

  it('say so when none of them can reach the peer', async () => {
    await start({ host: '::1' }, { sources: [{ ipv4: A }] }, { 'mx.dst.test': { aaaa: ['::1'] } });
    const [settled] = await harness.send();
    expect(settled?.event['delivery-status'].message).toContain(`no address of the family of ${A}`);
    expect(settled?.event).toMatchObject({ event: 'failed', severity: 'temporary', envelope: { 'sending-ip': A } });
  });

  it('are left alone one by one: what one of them cannot deliver leaves from the other', async () => {
    const refuses = {
      banner: ({ session }: { session: { remoteAddress: string } }) => (session.remoteAddress === A ? '554 not you' : undefined),
    };
    await start({ script: refuses }, { concurrencyPerDestination: 1 });
    // 554 in the greeting is final for a message; these find out what the path is worth.
    for (let round = 0; round < 3; round++) await harness.send({ options: { sendingIp: A } });
    await waitFor(() => harness.delivery.stats().suspended === 1, { what: 'a suspended path' });
    const settled = await harness.send({}, ...many(10));
    expect(from(B, settled)).toBe(10);
    const { paths, suspended } = harness.delivery.stats();
    expect(paths.map(({ source, standing }) => [source, standing])).toEqual(
      expect.arrayContaining([
        [A, 'failing'],
        [B, 'proven'],
      ]),
    );
    expect(suspended).toBe(1);
    expect(harness.queue.resting.size).toBe(0);
  });
});

describe('a source that is turned away', () => {
  const BLOCKED = '554 5.7.1 Service unavailable; Client host blocked using zen.spamhaus.org';
  const refusing = (addresses: string[], reply = BLOCKED): ScriptedMxOptions => ({
    script: { rcpt: ({ session }) => (addresses.includes(session.remoteAddress) ? reply : undefined) },
  });

  it('costs a message one more try, from another', async () => {
    await start(refusing([A]));
    const settled = await harness.send({}, ...many(8));
    expect(settled.map(({ event }) => event.event)).toEqual(Array(8).fill('delivered'));
    expect(from(B, settled)).toBe(8);
    expect(mx.sessions.some(({ remoteAddress }) => remoteAddress === A)).toBe(true);
  });

  it('is not tried first any more once peers have said so three times in an hour', async () => {
    await start(refusing([A]), { shapingRules: loadShaping(null) });
    const triesFromA = () =>
      mx.sessions
        .filter(({ remoteAddress }) => remoteAddress === A)
        .flatMap(({ commands }) => commands.filter((line) => /^RCPT/.test(line)));
    expect(from(B, await harness.send({}, ...many(20)))).toBe(20);
    const before = triesFromA().length;
    expect(before).toBeGreaterThanOrEqual(3);
    expect(from(B, await harness.send({}, ...many(20, 'later')))).toBe(20);
    expect(triesFromA()).toHaveLength(before);
  });

  it('is the end when the other one is turned away, too', async () => {
    await start(refusing([A, B]));
    const [settled] = await harness.send();
    expect(settled?.event).toMatchObject({ event: 'failed', severity: 'permanent', reason: 'espblock' });
    expect(mx.sessions.flatMap(({ commands }) => commands).filter((line) => line.startsWith('RCPT')).length).toBe(2);
    expect(harness.queue.settled.length).toBe(1);
  });

  it('is the end when the message may leave from nowhere else', async () => {
    await start(refusing([A]));
    const [settled] = await harness.send({ options: { sendingIp: A } });
    expect(settled?.event).toMatchObject({ event: 'failed', severity: 'permanent', envelope: { 'sending-ip': A } });
  });

  it('is no reason for another try when the recipient is refused', async () => {
    await start(refusing([A, B], '550 5.1.1 no such user'));
    await harness.send({}, ...many(6));
    expect(mx.sessions.flatMap(({ commands }) => commands).filter((line) => line.startsWith('RCPT')).length).toBe(6);
  });
});

describe('a greylisted delivery', () => {
  it('leaves from the source that the greylist knows, also when it would leave from the other now', async () => {
    let isKnown = false;
    const grey = () => (isKnown ? undefined : '450 4.7.1 Greylisted');
    await start({ script: { rcpt: grey } });
    const refused = await harness.send({}, ...many(6));
    for (const { verdict, event } of refused) {
      expect(verdict).toMatchObject({ kind: 'defer', last: { source: event.envelope['sending-ip'] } });
    }
    isKnown = true;
    for (const source of [A, B]) {
      const last = { firstAttemptAt: 1, code: 450, enhancedCode: '4.7.1', message: 'Greylisted', source };
      expect(from(source, await harness.send({ delivery: { attempts: 1, last } }, ...many(6)))).toBe(6);
    }
  });

  it('is the only one to be bound so', async () => {
    await start({ script: { rcpt: '450 4.2.1 busy' } });
    const [settled] = await harness.send();
    expect(settled?.verdict).toMatchObject({ kind: 'defer', last: { code: 450 } });
    expect(settled?.verdict).not.toMatchObject({ last: { source: expect.anything() } });
  });
});

describe('a source on warm-up', () => {
  const store = { warmups: async () => [], saveWarmup: async () => undefined, deleteWarmup: async () => undefined };

  it('sends what its hour allows; the others send the rest', async () => {
    const warmups = makeWarmups({ store, clock: systemClock, logger: pino({ level: 'silent' }) });
    await warmups.begin(A);
    await start({}, { warmups });
    const settled = await harness.send({}, ...many(300));
    expect(from(A, settled)).toBe(84);
    expect(from(B, settled)).toBe(216);
    expect(warmups.find(A)).toMatchObject({ sent: 84, sentInHour: 84, bounced: 0 });
  });

  it('lets mail wait that may leave from nowhere else, until it may send more', async () => {
    const warmups = makeWarmups({ store, clock: systemClock, logger: pino({ level: 'silent' }) });
    await warmups.begin(A);
    await start({ recipients: { 'user0@dst.test': '550 5.1.1 nobody' } }, { warmups });
    const put = harness.put({ options: { sendingIp: A } }, ...many(100));
    await waitFor(() => harness.queue.settled.length === 84 && harness.queue.held.size === 0, { what: 'a full hour' });
    expect(warmups.find(A)).toMatchObject({ sent: 84, bounced: 1 });
    expect(mx.attempts.length).toBe(83);
    await warmups.cancel(A);
    expect((await harness.settledFor(put)).length).toBe(100);
  });
});

describe('a fallback transport', () => {
  async function startWithFallback(script: ScriptedMxOptions, delivery: Partial<DeliveryOptions> = {}) {
    const relay = await startScriptedMx({});
    others.push(relay);
    await start(script, { transports: [{ match: '*', when: 'fallback', host: '127.0.0.1', port: relay.port, tls: 'none' }], ...delivery });
    return relay;
  }

  it('is not used while the exchangers can be reached', async () => {
    const relay = await startWithFallback({});
    await harness.send({}, ...many(5));
    expect([mx.messages.length, relay.messages.length]).toEqual([5, 0]);
  });

  it('takes what cannot be connected to, without a failed event', async () => {
    const relay = await startWithFallback({}, { port: await freePort(), sources: [] });
    const settled = await harness.send({}, ...many(20));
    expect(settled.map(({ event }) => event.event)).toEqual(Array(20).fill('delivered'));
    expect(relay.messages.length).toBe(20);
    expect(mx.messages.length).toBe(0);
  });

  it('does not get what the destination refuses', async () => {
    const relay = await startWithFallback({ script: { rcpt: '550 5.1.1 nobody' } });
    const [settled] = await harness.send();
    expect(settled?.event).toMatchObject({ event: 'failed', severity: 'permanent' });
    expect(relay.messages.length).toBe(0);
  });
});
