/**
 * One server and eighty mail exchangers, each misbehaving in its own way at its own stage, all at once. Every delivery comes to the end that is right
 * for it before its deadline, mail to healthy exchangers passes by those that keep us waiting, every slot is free afterwards, and what was put off
 * is delivered once its exchanger is well.
 */
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { makeSelfSignedCertificate } from '#net';
import { openWorld, type WireEvent, type World } from '../scenarios/support/world.js';
import { type ScriptedMx, startScriptedMx } from '../support/scripted-mx.mjs';
import { waitFor } from '../support/wait-for.mjs';
import { CELLS, type Cell } from './support/peer-cells.js';
import { waitForFreeSlots } from './support/slots.js';

/** The server's own deadlines here: `support/short-deadlines.mjs`. */
const ATTEMPT_MS = 20_000;
const DOT_MS = 8000;
/** For a busy machine. */
const MARGIN_MS = 20_000;
const SHORT_DEADLINES = fileURLToPath(new URL('support/short-deadlines.mjs', import.meta.url));

const withShortDeadlines = ([node = '', ...rest]: string[]) => [node, '--import', SHORT_DEADLINES, ...rest];

/** Starts the exchanger of every cell on the port the world's own one has, and tells DNS. */
async function startPeers(world: World): Promise<Map<Cell, ScriptedMx>> {
  const { cert, key } = await makeSelfSignedCertificate({ hostname: 'mx.test', notBefore: Date.now() });
  const peers = new Map<Cell, ScriptedMx>();
  onTestFinished(async () => {
    await Promise.all([...peers.values()].map((peer) => peer.close()));
  });
  for (const cell of CELLS) {
    const { host, domain, ip, stage, action } = cell;
    const tls = stage === 'starttls' ? { cert, key } : undefined;
    peers.set(cell, await startScriptedMx({ host: ip, port: world.mx.port, hostname: host, tls, script: { [stage]: action } }));
    world.dns.set(domain, { MX: [{ preference: 10, exchange: host }] });
    world.dns.set(host, { A: [ip] });
  }
  return peers;
}

const endsOf = (events: WireEvent[], recipient: string) =>
  events.filter((event) => event.event !== 'accepted' && event.recipient === recipient);

const shown = ({ event, severity, 'delivery-status': status }: WireEvent) => ({
  event,
  ...(severity ? { severity } : {}),
  code: status?.code,
});

const waitForEnds = (world: World, recipients: string[], timeoutMs: number) =>
  waitFor(
    async () => {
      const events = await world.events();
      return recipients.every((recipient) => endsOf(events, recipient).length > 0) && events;
    },
    { timeoutMs, intervalMs: 200, what: `an end for ${recipients.length} recipients` },
  );

test(`${CELLS.length} ways to misbehave: each has its one right end, and nobody else waits for it`, async () => {
  const world = await openWorld({
    wrap: withShortDeadlines,
    zones: { 'fresh.test': { MX: [{ preference: 10, exchange: 'mx.fresh.test' }] }, 'mx.fresh.test': { A: ['127.0.0.1'] } },
  });
  const peers = await startPeers(world);
  const slow = CELLS.filter(({ isSlow }) => isSlow);

  await world.send({ to: CELLS.map(({ recipient }) => recipient) });
  await waitFor(() => slow.every((cell) => (peers.get(cell)?.connections.total ?? 0) > 0), { what: 'connections to the slow peers' });
  // One exchanger that nothing is known of, one that is known by then.
  const healthy = ['a@fresh.test', 'a@dst.test', 'b@dst.test'];
  for (const to of healthy) await world.send({ to });
  const early = await waitForEnds(world, healthy, MARGIN_MS);
  expect(healthy.flatMap((recipient) => endsOf(early, recipient).map(({ event }) => event))).toEqual(healthy.map(() => 'delivered'));

  const events = await waitForEnds(world, [...healthy, ...CELLS.map(({ recipient }) => recipient)], ATTEMPT_MS + DOT_MS + MARGIN_MS);
  const found = CELLS.map(({ name, recipient }) => ({ name, ends: endsOf(events, recipient).map(shown) }));
  expect(found).toEqual(CELLS.map(({ name, expected }) => ({ name, ends: [expected] })));
  const timeOf = (recipient: string) => endsOf(events, recipient)[0]?.timestamp ?? 0;
  const firstSlow = Math.min(...slow.map(({ recipient }) => timeOf(recipient)));
  for (const recipient of healthy) expect(timeOf(recipient), recipient).toBeLessThan(firstSlow);
  const began = Math.min(...events.map(({ timestamp }) => timestamp));
  for (const { recipient, name } of CELLS) expect(timeOf(recipient) - began, name).toBeLessThan((ATTEMPT_MS + DOT_MS + MARGIN_MS) / 1000);
  const uncertain = CELLS.filter(({ recipient }) =>
    /may have been delivered/.test(endsOf(events, recipient)[0]?.['delivery-status']?.message ?? ''),
  );
  expect(uncertain.every(({ stage }) => stage === 'dot')).toBe(true);
  expect(uncertain.map(({ actionName }) => actionName)).toEqual(['close', 'reset', 'silence', 'drip', 'garbage', 'endless', 'huge-line']);

  await waitForFreeSlots(world.server.url, MARGIN_MS);
  await waitFor(() => [...peers.values()].every(({ connections }) => connections.open === 0), { what: 'closed connections' });

  // Everybody is well again.
  const waiting = CELLS.filter(({ expected }) => expected.severity === 'temporary');
  for (const peer of peers.values()) peer.script = {};
  const retried = await world.server.cli('queue', 'retry', '--all', '--json');
  expect(JSON.parse(retried.stdout)).toMatchObject({ count: waiting.length });
  const delivered = await waitFor(
    async () => {
      const all = await world.events();
      return waiting.every(({ recipient }) => endsOf(all, recipient).length === 2) && all;
    },
    { timeoutMs: ATTEMPT_MS + MARGIN_MS, intervalMs: 200, what: 'a second end for what was put off' },
  );
  for (const { recipient, name } of waiting)
    expect(
      endsOf(delivered, recipient).map(({ event }) => event),
      name,
    ).toEqual(['failed', 'delivered']);
  for (const [{ name, expected }, peer] of peers) {
    expect(peer.messages.length, name).toBeGreaterThanOrEqual(expected.severity === 'permanent' ? 0 : 1);
    expect(peer.messages.length, name).toBeLessThanOrEqual(name.endsWith('at dot') ? 2 : 1);
  }
  await waitForFreeSlots(world.server.url, MARGIN_MS);
  expect(JSON.parse((await world.server.cli('queue', 'list', '--json')).stdout).items).toEqual([]);
}, 180_000);
