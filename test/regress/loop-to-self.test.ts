/**
 * This server under another name, another address or behind a network that translates them is not delivered to; what comes round another
 * way is stopped soon. Reported: 51 copies and 50 `delivered` events until the count of hops ended it.
 */
import { connect, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeOwnTrace } from '#intake/draft/own-trace.js';
import { resolveMailExchangers } from '#net';
import { addDomain, openWorld, type World } from '../scenarios/support/world.js';
import { freePort } from '../support/free-port.mjs';
import { makeMailwagon } from '../support/mailwagon-process.mjs';
import { startScriptedMx } from '../support/scripted-mx.mjs';
import { tempDir } from '../support/temp-dir.mjs';

const LOOPS = /^5\.4\.6 Mail for \S+ loops back to this server: \S+ \(127\.0\.0\.\d+\) is this server$/;
const TRUSTED = { trustedNetworks: ['127.0.0.0/8'] };
const smarthost = (port: number) => ({ delivery: { transports: [{ match: '*', host: '127.0.0.1', port, tls: 'none' }] } });

/** A network that hands on to a world what comes to `host`; `change` changes what the server says. */
async function startNat(host: string, port: number, change = (said: string) => said) {
  let world: World | undefined;
  let connections = 0;
  const server = createServer((outside) => {
    connections++;
    const inside = connect(world?.server.addresses.smtp[0] ?? 0, '127.0.0.1');
    outside.pipe(inside);
    inside.on('data', (said) => outside.write(change(said.toString('latin1')), 'latin1'));
    inside.on('end', () => outside.end());
    for (const socket of [outside, inside]) socket.on('error', () => undefined);
    outside.on('close', () => inside.destroy());
    inside.on('close', () => outside.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  onTestFinished(() => void server.close());
  return {
    connections: () => connections,
    leadTo: (to: World) => {
      world = to;
    },
  };
}

describe('this server is found out', () => {
  it('as an exchanger behind a network that translates addresses; worse ones get nothing, better ones are waited for', async () => {
    const port = await freePort();
    const nat = await startNat('127.0.0.51', port);
    const worse = await startScriptedMx({ host: '127.0.0.52', port });
    onTestFinished(() => worse.close());
    const us = { exchange: 'public.round.test', preference: 10 };
    const world = await openWorld({
      mx: { port },
      config: TRUSTED,
      zones: {
        'round.test': { MX: [us, { preference: 20, exchange: 'worse.test' }] },
        'backup.test': { MX: [{ preference: 5, exchange: 'down.test' }, us, { preference: 20, exchange: 'worse.test' }] },
        'src.test': { MX: [us] },
        'public.round.test': { A: ['127.0.0.51'] },
        'worse.test': { A: ['127.0.0.52'] },
        'down.test': { A: ['127.0.0.53'] },
      },
    });
    nat.leadTo(world);
    await world.send({ to: 'bob@round.test' });
    const [, failed] = await world.waitForEvents({ accepted: 1, 'failed permanent': 1 });
    expect(failed?.['delivery-status']).toMatchObject({ code: 554, 'mx-host': 'public.round.test', message: expect.stringMatching(LOOPS) });
    expect(nat.connections()).toBe(1);

    await world.send({ to: 'bob@backup.test' });
    const events = await world.waitForEvents({ accepted: 2, 'failed permanent': 1, 'failed temporary': 1 });
    expect(events.find(({ severity }) => severity === 'temporary')?.['delivery-status']?.['mx-host']).toBe('down.test');
    expect(worse.sessions).toEqual([]);

    // A customer's own domain waits until its MX is set right, or receiving is there.
    await world.send({ to: 'bob@src.test' });
    const all = await world.waitForEvents({ accepted: 3, 'failed permanent': 1, 'failed temporary': 2 });
    expect(all.at(-1)?.['delivery-status']).toMatchObject({ code: 450, 'enhanced-code': '4.2.1', 'mx-host': 'public.round.test' });
  });

  it.each([
    ['by its greeting', (said: string) => said],
    ['by its answer to EHLO', (said: string) => said.replace(/^220 .*/, '220 ********')],
  ])('as a smarthost, %s', async (_how, change) => {
    const port = await freePort();
    const nat = await startNat('127.0.0.1', port, change);
    const world = await openWorld({ config: { ...TRUSTED, ...smarthost(port) } });
    nat.leadTo(world);
    await world.send();
    const [, failed] = await world.waitForEvents({ accepted: 1, 'failed permanent': 1 });
    expect(failed?.['delivery-status']?.message).toMatch(LOOPS);
    expect(nat.connections()).toBe(1);
  });
});

it('a machine in between that hides who is there lets a message round a few times only', async () => {
  const port = await freePort();
  const nat = await startNat('127.0.0.1', port, (said) => said.replace(/^220 .*/, '220 gate.test').replace(/^250-.*/, '250-gate.test'));
  const world = await openWorld({ config: { ...TRUSTED, ...smarthost(port) } });
  nat.leadTo(world);
  await world.send();
  const events = await world.waitForEvents({ accepted: 4, delivered: 3, rejected: 1, 'failed permanent': 1 });
  expect(events.find(({ event }) => event === 'failed')?.['delivery-status']).toMatchObject({
    code: 554,
    message: '5.4.6 The message is looping: it has passed this server 4 times',
  });
});

it('another server of the same make and name is no loop', async () => {
  const world = await openWorld({ config: { ...TRUSTED, hostname: 'mail.same.test' } });
  const folder = tempDir('mailwagon-other-');
  const port = world.server.addresses.smtp[0] ?? 0;
  const config = {
    hostname: 'mail.same.test',
    limits: { unverifiedDomainPerDay: null },
    delivery: { allowPrivateNetworks: true, ...smarthost(port).delivery },
  };
  const other = makeMailwagon({ folder: folder.path, config });
  onTestFinished(async () => {
    await other.stop();
    await other.kill();
    folder.cleanup();
  });
  await other.init();
  await other.start();
  await addDomain(other, 'src.test');
  const form = { from: 'sender@src.test', to: 'rcpt@dst.test', subject: 'Hello', text: 'Hello there' };
  expect((await other.api('POST', '/v3/src.test/messages', { form })).status).toBe(200);
  const [message] = await world.mx.waitForMessages(1);
  expect(message?.data.toString().match(/^Received: /gm)?.length).toBe(2);
});

it('mail to the name of this server, which has no MX, does not even look for an address', async () => {
  const dns = { query: async () => ({ kind: 'nodata', ttl: 60, authenticated: false }) as never };
  const found = await resolveMailExchangers(dns, 'mail.us.test', { ownNames: ['mail.us.test'] });
  expect(found).toMatchObject({ kind: 'none', permanent: true, code: 554, enhancedCode: '5.4.6' });
});

describe('the mark in Received fields', () => {
  const trace = makeOwnTrace(Buffer.alloc(32, 1));
  const field = (id: string) => `from x ([192.0.2.1]) by mail.test (Mailwagon) with ESMTPS id ${id}; Mon, 1 Jan 2029 00:00:00 +0000`;

  it('counts each pass once, and only those of this server', () => {
    const received = ['1A', '1B', '1B'].map((id) => field(trace.mark(id)));
    const others = ['1C', '1D'].map((id) => field(makeOwnTrace(Buffer.alloc(32, 2)).mark(id)));
    expect(trace.passes([...received, ...others, field('1E'), field('1E-0123456789abcdef'), 'nonsense'])).toBe(2);
  });

  it('says nothing but that it is ours', () => {
    expect(trace.mark('1A')).toMatch(/^1A-[0-9a-f]{16}$/);
    expect(trace.mark('1A').slice(2)).not.toBe(trace.mark('1B').slice(2));
  });
});
