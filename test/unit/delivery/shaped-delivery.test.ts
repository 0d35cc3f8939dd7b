import { afterEach, describe, expect, it } from 'vitest';
import type { ResponseRule, ShapingRules } from '#config';
import { makeRateGate } from '#delivery/shaping/throttle.js';
import { type ScriptedMx, type ScriptedMxOptions, startScriptedMx } from '../../support/scripted-mx.mjs';
import { waitFor } from '../../support/wait-for.mjs';
import { type Harness, makeHarness, type Zone } from './support/harness.js';

let mx: ScriptedMx;
let harness: Harness;

async function start(rules: Partial<ShapingRules>, options: ScriptedMxOptions = {}, zones: Record<string, Zone> = {}): Promise<void> {
  mx = await startScriptedMx(options);
  const shapingRules: ShapingRules = {
    default: { connections: 1000, messagesPerConnection: 100, tls: 'may' },
    providers: [],
    responses: [],
    ...rules,
  };
  harness = makeHarness({ port: mx.port, shapingRules }, zones);
}

afterEach(async () => {
  await harness.delivery.stop(0);
  await mx.close();
});

const many = (count: number, domain = 'dst.test') => Array.from({ length: count }, (_, index) => `user${index}@${domain}`);
const limits = { connections: 1000, messagesPerConnection: 100, tls: 'may' } as const;

describe('a provider', () => {
  it('gets no more connections at a time than it takes', async () => {
    await start({ default: { ...limits, connections: 3 } }, { script: { dot: { delayMs: 3 } } });
    await harness.send({}, ...many(100));
    expect(mx.connections.max).toBe(3);
  });

  it('gets no more over all of its sites together', async () => {
    const zones: Record<string, Zone> = {};
    for (const name of ['a', 'b', 'c', 'd']) {
      zones[`${name}.test`] = { mx: [`${name}.mx.big.test`] };
      zones[`${name}.mx.big.test`] = { a: ['127.0.0.1'] };
    }
    const provider = { name: 'Big', suffixes: ['big.test'], limits: { providerConnections: 3 } };
    await start({ providers: [provider] }, { script: { dot: { delayMs: 3 } } }, zones);
    let busiest = 0;
    const settled = ['a', 'b', 'c', 'd'].flatMap((name) => harness.put({}, ...many(25, `${name}.test`)));
    const watch = setInterval(() => {
      busiest = Math.max(busiest, harness.delivery.stats().lanes);
    }, 2);
    await harness.settledFor(settled);
    clearInterval(watch);
    expect(busiest).toBe(3);
  });

  it('gets no more messages on a connection than it takes', async () => {
    await start({ default: { ...limits, connections: 1, messagesPerConnection: 4 } });
    await harness.send({}, ...many(10));
    expect(mx.sessions.map(({ messages }) => messages)).toEqual([4, 4, 2]);
  });

  it('gets messages at its rate', async () => {
    await start({ default: { ...limits, messageRate: { count: 50, perMs: 1000 } } });
    const began = performance.now();
    await harness.send({}, ...many(40));
    // Five at once, then one each 20 ms.
    expect(performance.now() - began).toBeGreaterThan(34 * 20);
  });

  it('gets nothing in clear when it is to be sent to with TLS only', async () => {
    await start({ default: { ...limits, tls: 'encrypt' } });
    const [settled] = await harness.send();
    expect(settled?.event).toMatchObject({ severity: 'temporary', 'delivery-status': { 'enhanced-code': '4.7.5' } });
    expect(mx.attempts).toEqual([]);
  });

  it('is left alone when nobody can send to it with TLS, but not for what one sender asks', async () => {
    await start({});
    await harness.send({ options: { requireTls: true } }, ...many(8));
    expect(harness.delivery.stats().suspended).toBe(0);
  });
});

it('a smarthost is the operator’s own: the defaults for hosts that nobody knows do not hold it back', async () => {
  const hour = { count: 1, perMs: 3_600_000 };
  const tight = { connections: 1, messagesPerConnection: 100, messageRate: hour, connectionRate: hour, tls: 'verify' } as const;
  mx = await startScriptedMx({ script: { dot: { delayMs: 5 } } });
  const transports = [{ match: '*', host: '127.0.0.1', port: mx.port, tls: 'none' }] as const;
  harness = makeHarness({ port: mx.port, shapingRules: { default: tight, providers: [], responses: [] }, transports });
  await harness.send({}, ...many(60));
  expect(mx.messages.length).toBe(60);
  expect(mx.connections.max).toBeGreaterThan(1);
});

describe('a reply', () => {
  const rule = (fields: Partial<ResponseRule>): ResponseRule => ({
    id: 'f0',
    text: ['too much'],
    threshold: { count: 1, perMs: 1000 },
    change: { suspend: true },
    duration: 3_600_000,
    scope: 'path',
    explanation: 'Enough',
    sample: '450 too much',
    ...fields,
  });
  const answer = { recipients: { 'user0@dst.test': '450 4.7.1 too much' } };

  it('suspends the path when a rule says so', async () => {
    await start({ responses: [rule({})] }, answer);
    await harness.send({}, 'user0@dst.test');
    expect(harness.delivery.stats().suspended).toBe(1);
    expect(harness.queue.resting.get('mx.dst.test')).toBe('Enough (450 4.7.1 too much)');
    harness.put({}, ...many(3));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(harness.queue.settled.length).toBe(1);
  });

  it('pauses the account at the site, or the domain', async () => {
    await start({ responses: [rule({ scope: 'tenant' })] }, answer);
    await harness.send({}, 'user0@dst.test');
    expect(harness.queue.pauses.map(({ filter, why }) => [filter, why])).toEqual([
      [{ account: 1, site: 'mx.dst.test' }, 'Enough (450 4.7.1 too much)'],
    ]);
    await harness.delivery.stop(0);
    await mx.close();
    await start({ responses: [rule({ scope: 'domain' })] }, answer);
    await harness.send({}, 'user0@dst.test');
    expect(harness.queue.pauses.map(({ filter }) => filter)).toEqual([{ destination: 'dst.test' }]);
  });

  it('puts off only the delivery it answers when it speaks of the recipient', async () => {
    await start({ responses: [rule({ scope: 'recipient' })] }, answer);
    const before = Date.now();
    const [settled] = await harness.send({}, 'user0@dst.test');
    expect(settled?.verdict.kind === 'defer' && settled.verdict.due - before).toBeGreaterThanOrEqual(3_600_000);
    expect([harness.queue.pauses.length, harness.queue.resting.size]).toEqual([0, 0]);
  });

  it('narrows the path, and slows it down', async () => {
    const change = { connections: 1, messageRate: { count: 1, perMs: 3_600_000 } };
    await start({ responses: [rule({ change })] }, answer);
    await harness.send({}, 'user0@dst.test');
    harness.put({}, ...many(5).slice(1));
    // The one that met the rule came before the rate, so one more may go.
    await waitFor(() => harness.queue.settled.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(harness.queue.settled.length).toBe(2);
  });

  it('of our own never meets a rule', async () => {
    await start({ responses: [rule({ text: ['no reply', 'failed', 'timed out', 'connection'] })] }, { script: { rcpt: 'close' } });
    await harness.send();
    expect(harness.queue.resting.size).toBe(0);
  });
});

describe('a rate', () => {
  it('lets a tenth of the count go at once and keeps to the rest', () => {
    const gate = makeRateGate();
    const rate = { count: 100, perMs: 1000 };
    let now = 1000;
    const sent: number[] = [];
    while (now < 2000) {
      if (gate.wait(rate, now) === 0) {
        gate.spend(rate, now);
        sent.push(now);
      } else now += gate.wait(rate, now);
    }
    expect(sent.filter((time) => time === 1000).length).toBe(10);
    expect(sent.length).toBeLessThanOrEqual(110);
    expect(sent.length).toBeGreaterThanOrEqual(105);
  });
});
