/** Mail leaves from the operator's addresses: by domain, by pool, by message, one at a time when a provider turns one of them away. */
import { expect, test } from 'vitest';
import { freePort } from '../support/free-port.mjs';
import { type ScriptedMx, startScriptedMx } from '../support/scripted-mx.mjs';
import { waitFor } from '../support/wait-for.mjs';
import { addDomain, openWorld, type World, type WorldOptions } from './support/world.js';

const A = '127.0.0.2';
const B = '127.0.0.3';
const SOURCES = [
  { ipv4: A, ehlo: 'a.mail.test' },
  { ipv4: B, ehlo: 'b.mail.test' },
];

const openSourcesWorld = (mx: WorldOptions['mx'] = {}, delivery: Record<string, unknown> = {}) =>
  openWorld({ mx, config: { delivery: { sources: SOURCES, ...delivery } } });

/** Where each message came from, by its recipient. */
function origins(mx: ScriptedMx): Record<string, string | undefined> {
  const addressOf = (id: number) => mx.sessions.find((session) => session.id === id)?.remoteAddress;
  return Object.fromEntries(mx.messages.map(({ rcptTo: [recipient = ''], session }) => [recipient, addressOf(session)]));
}

async function makePool({ server }: World, name: string, ip: string): Promise<string> {
  const { status, body } = await server.api('POST', '/v3/ip_pools', { form: { name, ip } });
  expect(status).toBe(200);
  return body.pool_id;
}

test('a domain’s pool, a message’s address and a message’s pool decide, in this order of weight', async () => {
  const world = await openSourcesWorld();
  const [first, second] = [await makePool(world, 'first', A), await makePool(world, 'second', B)];
  const linked = await world.server.api('POST', '/v3/domains/src.test/ips', { form: { pool_id: first } });
  expect(linked.status).toBe(200);
  for (const to of ['p1@dst.test', 'p2@dst.test', 'p3@dst.test', 'p4@dst.test']) await world.send({ to });
  await world.send({ to: 'ip@dst.test', 'o:sending-ip': B });
  await world.send({ to: 'pool@dst.test', 'o:sending-ip-pool': second });
  await world.submit({ to: 'header@dst.test', headers: { 'X-Mailgun-Sending-Ip': B } });
  await world.submit({ to: 'pool-header@dst.test', headers: { 'X-Mailgun-Sending-Ip-Pool': second } });

  const events = await world.waitForEvents({ accepted: 8, delivered: 8 });
  expect(origins(world.mx)).toEqual({
    'p1@dst.test': A,
    'p2@dst.test': A,
    'p3@dst.test': A,
    'p4@dst.test': A,
    'ip@dst.test': B,
    'pool@dst.test': B,
    'header@dst.test': B,
    'pool-header@dst.test': B,
  });
  const told = events
    .filter(({ event }) => event === 'delivered')
    .map((event) => [event.recipient, (event as unknown as { envelope: Record<string, string> }).envelope['sending-ip']]);
  expect(Object.fromEntries(told)).toEqual(origins(world.mx));
  expect(new Set(world.mx.sessions.map(({ remoteAddress, helo }) => `${remoteAddress} ${helo}`))).toEqual(
    new Set([`${A} a.mail.test`, `${B} b.mail.test`]),
  );
  expect(world.mx.messages.every(({ data }) => !/X-Mailgun-Sending-Ip/i.test(data.toString('latin1')))).toBe(true);
});

test('a domain can be made with its addresses', async () => {
  const world = await openSourcesWorld();
  const { status } = await world.server.api('POST', '/v4/domains', { form: { name: 'born.test', ips: B } });
  expect(status).toBe(200);
  for (let index = 0; index < 6; index++) {
    const form = { from: 'a@born.test', to: `n${index}@dst.test`, subject: 'x', text: 'x' };
    expect((await world.server.api('POST', '/v3/born.test/messages', { form })).status).toBe(200);
  }
  await waitFor(() => world.mx.messages.length === 6, { what: 'the mail' });
  expect(new Set(Object.values(origins(world.mx)))).toEqual(new Set([B]));
});

test('an address or a pool that is not there is refused by name', async () => {
  const { server } = await openSourcesWorld();
  const send = (option: Record<string, string>) =>
    server.api('POST', '/v3/src.test/messages', { form: { from: 'a@src.test', to: 'b@dst.test', text: 'x', ...option } });
  expect(await send({ 'o:sending-ip': '198.51.100.1' })).toMatchObject({
    status: 400,
    body: { message: expect.stringMatching(/o:sending-ip.*198\.51\.100\.1/) },
  });
  expect(await send({ 'o:sending-ip-pool': 'nope' })).toMatchObject({
    status: 400,
    body: { message: expect.stringMatching(/o:sending-ip-pool.*nope/) },
  });
});

test('a provider that turns one address away gets its mail from the other, and mail that must use the first one says why it waits', async () => {
  const isFirst = ({ session }: { session: { remoteAddress: string } }) => session.remoteAddress === A;
  const world = await openSourcesWorld({ script: { banner: (moment) => (isFirst(moment) ? '421 4.7.0 try later' : undefined) } });
  const pool = await makePool(world, 'first', A);
  const { login } = await addDomain(world.server, 'own.test');
  expect(login).toContain('own.test');
  await world.server.api('POST', '/v3/domains/own.test/ips', { form: { pool_id: pool } });
  const sendOwn = (to: string) =>
    world.server.api('POST', '/v3/own.test/messages', { form: { from: 'a@own.test', to, subject: 'x', text: 'x' } });
  for (let round = 0; round < 8; round++) await sendOwn(`own${round}@dst.test`);
  const suspended = async () => {
    const { text } = await world.server.api('GET', '/metrics');
    return /^mailwagon_\S*suspended\S* 1$/m.test(text);
  };
  await waitFor(suspended, { what: 'a suspended path', timeoutMs: 15_000 });

  for (let round = 0; round < 6; round++) await world.send({ to: `other${round}@dst.test` });
  await world.waitForEvents({ accepted: 6, delivered: 6 });
  expect(new Set(Object.values(origins(world.mx)))).toEqual(new Set([B]));

  const late = await sendOwn('late@dst.test');
  const id = String(late.body.id).slice(1, -1);
  await waitFor(
    async () => {
      const { text } = await world.server.api('GET', `/mailwagon/v1/queue/${encodeURIComponent(id)}`);
      return text.includes(`mail from ${A} to mx.dst.test is left alone until `);
    },
    { what: 'the reason', timeoutMs: 10_000 },
  );
  const { text: metrics } = await world.server.api('GET', '/metrics');
  expect(metrics).toContain(`source="${A}",site="mx.dst.test"`);
  expect(metrics).toContain(`source="${B}",site="mx.dst.test"`);
});

test('an address on warm-up sends its share, the others the rest, and a restart keeps count', async () => {
  const world = await openSourcesWorld();
  const { server } = world;
  expect((await server.api('POST', `/v3/ip_warmups/${A}`)).status).toBe(200);
  for (let index = 0; index < 5; index++) await world.send({ to: `w${index}@dst.test`, 'o:sending-ip': A });
  await world.waitForEvents({ accepted: 5, delivered: 5 });
  const before = await server.api('GET', `/v3/ip_warmups/${A}`);
  // 5 of the 84 of the first hour.
  expect(before.body.details).toMatchObject({ stage: 1, hourly_limit: 84, throttle: 95 });
  expect(await server.stop()).toBe(0);
  await server.start();
  expect((await server.api('GET', `/v3/ip_warmups/${A}`)).body).toEqual(before.body);

  const to = Array.from({ length: 200 }, (_, index) => `m${index}@dst.test`);
  for (let start = 0; start < to.length; start += 50) await world.send({ to: to.slice(start, start + 50).join(',') });
  await world.waitForEvents({ accepted: 205, delivered: 205 });
  const used = Object.values(origins(world.mx));
  expect(used.filter((address) => address === A).length).toBe(84);
  expect(used.filter((address) => address === B).length).toBe(121);
  expect((await server.api('GET', `/v3/ip_warmups/${A}`)).body.details.throttle).toBe(0);
});

test('when no mail exchanger can be connected to, a fallback transport takes the mail at once', async () => {
  const relay = await startScriptedMx({});
  try {
    const fallback = { match: '*', when: 'fallback', host: '127.0.0.1', port: relay.port, tls: 'none' };
    const world = await openSourcesWorld({}, { port: await freePort(), transports: [fallback] });
    for (let round = 0; round < 5; round++) await world.send({ to: `u${round}@dst.test` });
    const events = await world.waitForEvents({ accepted: 5, delivered: 5 });
    expect(relay.messages.length).toBe(5);
    expect(world.mx.messages).toEqual([]);
    expect(
      events.filter(({ event }) => event === 'delivered').every((event) => event['delivery-status']?.['mx-host'] === '127.0.0.1'),
    ).toBe(true);
  } finally {
    await relay.close();
  }
});

test('a permanent refusal of a message is no reason for the fallback', async () => {
  const relay = await startScriptedMx({});
  try {
    const fallback = { match: '*', when: 'fallback', host: '127.0.0.1', port: relay.port, tls: 'none' };
    const world = await openSourcesWorld({ script: { rcpt: '550 5.1.1 nobody' } }, { transports: [fallback] });
    await world.send();
    await world.waitForEvents({ accepted: 1, 'failed permanent': 1 });
    expect(relay.sessions).toEqual([]);
  } finally {
    await relay.close();
  }
});
