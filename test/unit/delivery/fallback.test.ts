/** What a fallback transport stands in for: a network that lets nothing through. TLS that a host cannot do is no such thing. */
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '#core';
import { type DaneQuestion, type DaneResult, makeSelfSignedCertificate, type StsPolicy } from '#net';
import { freePort } from '../../support/free-port.mjs';
import { type ScriptedMx, type ScriptedMxOptions, startScriptedMx } from '../../support/scripted-mx.mjs';
import { waitFor } from '../../support/wait-for.mjs';
import { type Harness, type MessageFields, makeHarness, type Zone } from './support/harness.js';

const DAY = 86_400_000;
const certificate = await makeSelfSignedCertificate({ hostname: 'elsewhere.test', notBefore: systemClock.now() - DAY });
let servers: ScriptedMx[] = [];
let relay: ScriptedMx;
let harness: Harness;

afterEach(async () => {
  await harness.delivery.stop(0);
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

/** What is wrong with a mail exchanger, its certificate aside, which nobody vouches for. */
const HOSTS = {
  blocked: undefined,
  clear: {},
  certificate: { tls: certificate },
  handshake: { tls: certificate, script: { handshake: 'close' } },
  /** The policy does not name it. */
  stranger: {},
  /** Its TLSA records cannot be looked up. */
  unsigned: {},
  nameless: undefined,
} satisfies Record<string, ScriptedMxOptions | undefined>;
type Host = keyof typeof HOSTS;

interface Demand {
  sts?: boolean;
  dane?: boolean;
  message?: MessageFields;
}

async function start(hosts: readonly Host[], { sts = false, dane = false }: Demand): Promise<void> {
  const port = await freePort();
  const zones: Record<string, Zone> = { 'dst.test': { mx: hosts.map((host, index) => `${host}${index}.test`) } };
  for (const [index, host] of hosts.entries()) {
    const ip = `127.0.0.${index + 31}`;
    zones[`${host}${index}.test`] = host === 'nameless' ? {} : { a: [ip] };
    const options: ScriptedMxOptions | undefined = HOSTS[host];
    if (options !== undefined) servers.push(await startScriptedMx({ ...options, host: ip, port }));
  }
  relay = await startScriptedMx({});
  servers.push(relay);
  const named = hosts.flatMap((host, index) => (host === 'stranger' ? [] : [`${host}${index}.test`]));
  const policy: StsPolicy = { mode: 'enforce', mx: [...named, 'other.test'], id: '1', expiresAt: Number.POSITIVE_INFINITY };
  const failed: DaneResult = { kind: 'failed', reason: 'servfail', text: 'TLSA lookup failed' };
  harness = makeHarness(
    {
      port,
      transports: [{ match: '*', when: 'fallback', host: '127.0.0.1', port: relay.port, tls: 'none' }],
      mtaSts: { policyFor: async () => (sts ? policy : undefined) },
      dane: { daneFor: async ({ mxHost }: DaneQuestion) => (dane && mxHost.startsWith('unsigned') ? failed : { kind: 'none' }) },
    },
    zones,
  );
}

const sts: Demand = { sts: true };
const verify: Demand = { message: { options: { requireTls: true } } };

describe('nothing can be connected to', () => {
  it.each<[Demand, Host[]]>([
    [{}, ['blocked']],
    [sts, ['blocked', 'blocked']],
    [{}, ['nameless', 'blocked']],
    [{}, ['blocked', 'nameless']],
  ])('%o, %j: the fallback takes the mail, without a failed event', async (demand, hosts) => {
    await start(hosts, demand);
    const [settled] = await harness.send(demand.message);
    expect(settled?.event).toMatchObject({ event: 'delivered', 'delivery-status': { 'mx-host': '127.0.0.1', 'attempt-no': 1 } });
    expect(relay.messages).toHaveLength(1);
  });
});

describe('a host without the TLS that is asked for', () => {
  const rows: [Demand, Host[]][] = [
    [sts, ['clear']],
    [sts, ['certificate']],
    [sts, ['handshake']],
    [sts, ['stranger']],
    [sts, ['blocked', 'certificate']],
    [sts, ['certificate', 'blocked']],
    [sts, ['stranger', 'blocked']],
    [sts, ['blocked', 'clear', 'blocked']],
    [verify, ['clear']],
    [verify, ['certificate']],
    [verify, ['clear', 'blocked']],
    [{ dane: true }, ['unsigned']],
    [{ dane: true }, ['unsigned', 'blocked']],
  ];
  it.each(rows)('%o, %j: the mail waits, however often it is tried', async (demand, hosts) => {
    await start(hosts, demand);
    for (let round = 0; round < 3; round++) {
      const [settled] = await harness.send(demand.message);
      expect(settled?.event).toMatchObject({ event: 'failed', severity: 'temporary' });
    }
    expect(relay.sessions).toEqual([]);
    expect(harness.queue.returned).toEqual([]);
  });

  it('is no reason for the fallback when its path is left alone for it', async () => {
    await start(['certificate'], sts);
    while (harness.delivery.stats().suspended === 0) {
      const count = harness.queue.settled.length;
      harness.put();
      await waitFor(() => harness.queue.settled.length > count || harness.delivery.stats().suspended > 0, { what: 'an attempt' });
    }
    const before = harness.queue.settled.length;
    harness.put();
    await waitFor(() => harness.queue.held.size === 0, { what: 'the delivery set aside' });
    expect(harness.queue.settled.length).toBe(before);
    expect(relay.sessions).toEqual([]);
  });
});

it('a fallback for one provider takes the mail of every domain that has its exchangers there, and no other', async () => {
  relay = await startScriptedMx({});
  servers.push(relay);
  harness = makeHarness(
    {
      port: await freePort(),
      transports: [{ match: '*', when: 'fallback', provider: 'Big', host: '127.0.0.1', port: relay.port, tls: 'none' }],
      shapingRules: {
        default: { connections: 1000, messagesPerConnection: 100, tls: 'may' },
        providers: [{ name: 'Big', suffixes: ['big.test'], limits: { connections: 5 } }],
        responses: [],
      },
    },
    {
      'one.test': { mx: ['mx1.big.test'] },
      'other.test': { mx: ['mx.small.test'] },
      'mx1.big.test': { a: ['127.0.0.41'] },
      'mx.small.test': { a: ['127.0.0.41'] },
    },
  );
  const settled = await harness.send({}, 'a@one.test', 'b@other.test');
  expect(settled.map(({ event }) => [event.recipient, event.event, event.severity])).toEqual([
    ['a@one.test', 'delivered', undefined],
    ['b@other.test', 'failed', 'temporary'],
  ]);
  expect(relay.messages.map(({ rcptTo }) => rcptTo)).toEqual([['a@one.test']]);
});

it('a sender who asks for more TLS than a site has holds up nobody else there, whatever became of its other hosts', async () => {
  await start(['clear', 'blocked'], {});
  for (let round = 0; round < 5; round++) await harness.send({ options: { requireTls: true } });
  expect(harness.delivery.stats()).toMatchObject({ suspended: 0, paths: [{ standing: 'new' }] });
  const [settled] = await harness.send();
  expect(settled?.event['delivery-status']).toMatchObject({ code: 250, 'mx-host': 'clear0.test' });
});
