import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../support/free-port.mjs';
import { type ScriptedMx, type ScriptedMxOptions, startScriptedMx } from '../../support/scripted-mx.mjs';
import { type Harness, makeHarness, PATIENT, QUICK, type Zone } from './support/harness.js';

/** Two or more hosts on one port at different loopback addresses, as mail exchangers are. */
let hosts: ScriptedMx[] = [];
let harness: Harness;

afterEach(async () => {
  await harness.delivery.stop(0);
  await Promise.all(hosts.map((host) => host.close()));
  hosts = [];
});

/** `undefined`: nobody listens there. */
async function start(options: (ScriptedMxOptions | undefined)[], zones: Record<string, Zone> = {}, timeouts = PATIENT): Promise<void> {
  const port = await freePort();
  const named: Record<string, Zone> = { 'dst.test': { mx: options.map((_, index) => `mx${index + 1}.dst.test`) } };
  for (const [index, one] of options.entries()) {
    const ip = `127.0.0.${index + 11}`;
    named[`mx${index + 1}.dst.test`] = { a: [ip] };
    if (one !== undefined) hosts.push(await startScriptedMx({ ...one, host: ip, port }));
  }
  harness = makeHarness({ port, timeouts }, { ...named, ...zones });
}

describe('the walk over mail exchangers', () => {
  it.each<[string, ScriptedMxOptions | undefined]>([
    ['is down', undefined],
    ['closes at once', { script: { banner: 'close' } }],
    ['greets with 421', { script: { banner: '421 4.3.2 busy' } }],
    ['greets with 554', { script: { banner: '554 5.3.2 no mail here' } }],
    ['refuses EHLO for now', { script: { ehlo: '451 4.3.0 later' } }],
    ['never greets', { script: { banner: 'silence' } }],
  ])('goes on to the next host when one %s', async (_name, first) => {
    await start([first, {}], {}, first?.script?.banner === 'silence' ? QUICK : PATIENT);
    const [settled] = await harness.send();
    expect(settled?.event['delivery-status']).toMatchObject({ code: 250, 'mx-host': 'mx2.dst.test', 'attempt-no': 1 });
  });

  it.each([
    ['550 5.1.1 nobody', PATIENT],
    ['452 4.2.2 mailbox is full', PATIENT],
    ['silence', QUICK],
  ])('stops where the message itself is answered, or where it would only wait again: %s at RCPT', async (action, timeouts) => {
    await start([{ script: { rcpt: action } }, {}], {}, timeouts);
    const [settled] = await harness.send();
    expect(settled?.event['delivery-status']['mx-host']).toBe('mx1.dst.test');
    expect(hosts[1]?.sessions).toEqual([]);
  });

  it('never gives the message to another host after a dot without an answer', async () => {
    await start([{ script: { dot: 'close' } }, {}]);
    const [settled] = await harness.send();
    expect(settled?.verdict.kind).toBe('defer');
    expect(hosts[0]?.attempts.length).toBe(1);
    expect(hosts[1]?.sessions).toEqual([]);
  });

  it('ends as permanent only when every host says so', async () => {
    await start([{ script: { banner: '554 5.3.2 no' } }, undefined]);
    const [one] = await harness.send();
    expect(one?.verdict.kind).toBe('defer');
    expect(one?.event['delivery-status']).toMatchObject({ code: 421, 'enhanced-code': '4.4.1' });
    await harness.delivery.stop(0);
    await Promise.all(hosts.splice(0).map((host) => host.close()));
    await start([{ script: { banner: '554 5.3.2 no' } }, { script: { banner: '521 5.3.2 never' } }]);
    const [two] = await harness.send();
    expect(two?.event).toMatchObject({ severity: 'permanent', 'delivery-status': { code: 521, 'mx-host': 'mx2.dst.test' } });
  });

  it('tries a host that was down after the others for a while', async () => {
    await start([undefined, {}]);
    await harness.send();
    hosts.push(await startScriptedMx({ host: '127.0.0.11', port: hosts[0]?.port ?? 0 }));
    await harness.send();
    expect(hosts.map(({ messages }) => messages.length)).toEqual([2, 0]);
  });

  it('stays with a connection to one of several equal hosts', async () => {
    const records = ['mx1.dst.test', 'mx2.dst.test'].map((exchange) => ({ preference: 10, exchange }));
    await start([{}, {}], { 'dst.test': { mx: { kind: 'records', records, ttl: 300, authenticated: false } } });
    for (let count = 0; count < 20; count++) await harness.send();
    expect(hosts.map(({ messages }) => messages.length).sort()).toEqual([0, 20]);
    expect(hosts.map(({ sessions }) => sessions.length).sort()).toEqual([0, 1]);
  });

  it('tries five hosts at most', async () => {
    await start([undefined, undefined, undefined, undefined, undefined, {}]);
    const [settled] = await harness.send();
    expect(settled?.verdict.kind).toBe('defer');
    expect(hosts[0]?.sessions).toEqual([]);
  });

  it('is over at the deadline of the attempt, however many hosts are left', async () => {
    const silent = { script: { banner: { drip: '220 welcome to this host', everyMs: 600 } } };
    await start([silent, silent, silent, silent]);
    await harness.delivery.stop(0);
    const port = hosts[0]?.port ?? 0;
    const zones = { 'dst.test': { mx: ['h1.test', 'h2.test', 'h3.test', 'h4.test'] } };
    const addresses = Object.fromEntries([1, 2, 3, 4].map((n) => [`h${n}.test`, { a: [`127.0.0.${n + 10}`] }]));
    const timeouts = { connect: 400, setup: 2500, attempt: 3000, envelope: 500, data: 500, dot: 500, idle: 500 };
    harness = makeHarness({ port, timeouts }, { ...zones, ...addresses });
    const began = performance.now();
    const [settled] = await harness.send();
    expect(settled?.verdict.kind).toBe('defer');
    expect(performance.now() - began).toBeLessThan(8000);
  });
});

describe('who to connect to', () => {
  it('nobody for a null MX, a domain that does not exist, or a loop to this server', async () => {
    await start([{}], {
      'null.test': { mx: ['.'] },
      'loop.test': { mx: ['out.test'] },
    });
    const settled = await harness.send({}, 'a@null.test', 'a@nowhere.test', 'a@loop.test');
    expect(settled.map(({ event }) => [event.severity, event['delivery-status'].code, event['delivery-status'].message])).toEqual([
      ['permanent', 556, 'null.test does not accept mail (null MX)'],
      ['permanent', 498, 'No MX for nowhere.test'],
      ['permanent', 554, 'Mail for loop.test loops back to this server'],
    ]);
  });

  it('waits while DNS fails', async () => {
    await start([{}], { 'broken.test': { mx: { kind: 'failed', reason: 'servfail' } } });
    const [settled] = await harness.send({}, 'a@broken.test');
    expect(settled?.verdict).toMatchObject({ kind: 'defer', attempts: 1 });
    expect(settled?.event['delivery-status']).toMatchObject({ code: 451, 'enhanced-code': '4.4.3' });
  });

  it('not to loopback or private addresses unless that is allowed', async () => {
    await start([{}]);
    await harness.delivery.stop(0);
    const zones = {
      'dst.test': { mx: ['inside.test', 'local.test'] },
      'inside.test': { a: ['10.0.0.1', '169.254.169.254'] },
      'local.test': { a: ['127.0.0.11'] },
    };
    harness = makeHarness({ port: hosts[0]?.port ?? 0, allowPrivateNetworks: false }, zones);
    const [settled] = await harness.send();
    expect(settled?.event).toMatchObject({ severity: 'permanent', 'delivery-status': { code: 550, 'enhanced-code': '5.4.4' } });
    expect(settled?.event['delivery-status'].message).toContain('no public address');
    expect(hosts[0]?.sessions).toEqual([]);
  });

  it('to the transport that matches first, by domain, by suffix, or for everybody', async () => {
    await start([{}, {}, {}]);
    await harness.delivery.stop(0);
    const [one, two, three] = hosts.map(({ host, port }) => ({ host, port, tls: 'none' as const }));
    if (one === undefined || two === undefined || three === undefined) throw new Error('three hosts');
    const transports = [
      { match: 'exact.test', ...one },
      { match: '*.sub.test', ...two },
      { match: '*', ...three },
    ];
    harness = makeHarness({ port: 1, transports, allowPrivateNetworks: false });
    await harness.send({}, 'a@exact.test', 'a@deep.sub.test', 'a@sub.test', 'a@x.exact.test');
    const to = hosts.map(({ messages }) => messages.flatMap(({ rcptTo }) => rcptTo).sort());
    expect(to).toEqual([['a@exact.test'], ['a@deep.sub.test'], ['a@sub.test', 'a@x.exact.test']]);
  });
});
