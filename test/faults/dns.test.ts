/**
 * What DNS can do to mail: answers that are final end a delivery at once, answers that are none put it off, lies are not believed, nobody is
 * connected to who must not be, and whoever has a healthy name does not wait for those whose name servers are silent.
 */
import { expect, test } from 'vitest';
import { openWorld, type WireEvent, type World } from '../scenarios/support/world.js';
import type { FakeDnsEntry, FakeDnsSpecial } from '../support/fake-dns.mjs';
import { waitFor } from '../support/wait-for.mjs';

/** The resolver gives up on a name within 15 s, the attempt may ask twice. */
const SILENCE_MS = 45_000;
const to = (exchange: string): FakeDnsEntry => ({ MX: [{ preference: 10, exchange }] });

interface Trouble {
  zones: Record<string, FakeDnsEntry | FakeDnsSpecial>;
  /** Of the event that follows. */
  end: [event: string, severity: string, code: number];
}
const TEMPORARY: Trouble['end'] = ['failed', 'temporary', 451];
const DELIVERED: Trouble['end'] = ['delivered', '', 250];
const NO_HOST: Trouble['end'] = ['failed', 'permanent', 550];

/** By the domain that is sent to. */
const TROUBLES: Record<string, Trouble> = {
  'missing.test': { zones: {}, end: ['failed', 'permanent', 498] },
  'null-mx.test': { zones: { 'null-mx.test': to('.') }, end: ['failed', 'permanent', 556] },
  'own-mx.test': { zones: { 'own-mx.test': to('mail.mailwagon.test') }, end: ['failed', 'permanent', 554] },
  'literal-mx.test': { zones: { 'literal-mx.test': to('127.0.0.1') }, end: NO_HOST },
  'gone-host.test': { zones: { 'gone-host.test': to('mx.gone-host.test') }, end: NO_HOST },
  'servfail.test': { zones: { 'servfail.test': 'servfail' }, end: TEMPORARY },
  'refused.test': { zones: { 'refused.test': 'refused' }, end: TEMPORARY },
  'silent.test': { zones: { 'silent.test': 'timeout' }, end: TEMPORARY },
  'garbled.test': { zones: { 'garbled.test': 'garbage' }, end: TEMPORARY },
  'forged.test': { zones: { 'forged.test': 'wrong-id' }, end: TEMPORARY },
  'servfail-host.test': {
    zones: { 'servfail-host.test': to('mx.servfail-host.test'), 'mx.servfail-host.test': 'servfail' },
    end: TEMPORARY,
  },
  'silent-host.test': { zones: { 'silent-host.test': to('mx.silent-host.test'), 'mx.silent-host.test': 'timeout' }, end: TEMPORARY },
  'loop.test': { zones: { 'loop.test': { CNAME: 'pool.test' }, 'pool.test': { CNAME: 'loop.test' } }, end: TEMPORARY },
  'lone-loop.test': {
    zones: { 'lone-loop.test': { CNAME: 'lone-pool.test', lone: true }, 'lone-pool.test': { CNAME: 'lone-loop.test', lone: true } },
    end: TEMPORARY,
  },
  'truncated.test': {
    zones: { 'truncated.test': { ...to('mx.truncated.test'), truncate: true }, 'mx.truncated.test': { A: ['127.0.0.1'], truncate: true } },
    end: DELIVERED,
  },
  'alias.test': { zones: { 'alias.test': { CNAME: 'dst.test', lone: true } }, end: DELIVERED },
  'lied-about.test': {
    zones: {
      'lied-about.test': { ...to('mx.dst.test'), lies: ['wrong-id', 'wrong-question', 'wrong-source', 'not-a-response'], delayMs: 50 },
    },
    end: DELIVERED,
  },
};
const DOMAINS = Object.keys(TROUBLES);

const endsAt = (events: WireEvent[], domain: string) =>
  events.filter(({ event, recipient }) => event !== 'accepted' && recipient.endsWith(`@${domain}`));
const shown = ({ event, severity, 'delivery-status': status }: WireEvent) => [event, severity ?? '', status?.code];

const waitForEnds = (world: World, domains: string[], timeoutMs: number) =>
  waitFor(
    async () => {
      const events = await world.events();
      return domains.every((domain) => endsAt(events, domain).length > 0) && events;
    },
    { timeoutMs, intervalMs: 200, what: `an end for ${domains.join(', ')}` },
  );

test('each trouble with DNS has its one right end, and is over when DNS is well again', async () => {
  const world = await openWorld({ zones: Object.assign({}, ...Object.values(TROUBLES).map(({ zones }) => zones)) });
  await world.send({ to: DOMAINS.map((domain) => `a@${domain}`) });
  await world.send({ to: 'a@dst.test' });

  const events = await waitForEnds(world, [...DOMAINS, 'dst.test'], SILENCE_MS);
  expect(DOMAINS.map((domain) => [domain, endsAt(events, domain).map(shown)])).toEqual(
    DOMAINS.map((domain) => [domain, [TROUBLES[domain]?.end]]),
  );
  const timeOf = (domain: string) => endsAt(events, domain)[0]?.timestamp ?? 0;
  expect(timeOf('dst.test')).toBeLessThan(timeOf('silent.test'));
  expect(endsAt(events, 'forged.test')[0]?.['delivery-status']?.message).not.toMatch(/6\.6\.6\.6/);
  expect(world.dns.queries.some(({ name, transport }) => name === 'truncated.test' && transport === 'tcp')).toBe(true);

  const waiting = DOMAINS.filter((domain) => TROUBLES[domain]?.end === TEMPORARY);
  for (const domain of waiting) {
    for (const name of Object.keys(TROUBLES[domain]?.zones ?? {})) {
      // An MX that was told is still believed: its host is what must become well.
      const isHost = name.startsWith('mx.');
      world.dns.set(name, isHost ? { A: ['127.0.0.1'] } : to(domain.endsWith('-host.test') ? `mx.${domain}` : 'mx.dst.test'));
    }
  }
  // What failed is remembered for seconds.
  const isDelivered = async () => {
    const all = await world.events();
    if (waiting.every((domain) => endsAt(all, domain).at(-1)?.event === 'delivered')) return all;
    await world.server.cli('queue', 'retry', '--all');
    return undefined;
  };
  const healed = await waitFor(isDelivered, { timeoutMs: SILENCE_MS, intervalMs: 2000, what: 'delivery to those that were put off' });
  for (const domain of waiting) expect(endsAt(healed, domain).filter(({ event }) => event === 'delivered')).toHaveLength(1);
  const received = world.mx.messages.flatMap(({ rcptTo }) => rcptTo).sort();
  expect(received).toEqual(
    ['dst.test', ...DOMAINS.filter((domain) => TROUBLES[domain]?.end[1] !== 'permanent')].map((d) => `a@${d}`).sort(),
  );
}, 150_000);

test('no exchanger on an address that is not public is connected to, however DNS puts it', async () => {
  const addresses: Record<string, FakeDnsEntry> = {
    loopback: { A: ['127.0.0.1'] },
    'other-loopback': { A: ['127.8.9.10'] },
    'loopback-v6': { AAAA: ['::1'] },
    mapped: { AAAA: ['::ffff:127.0.0.1'] },
    this: { A: ['0.0.0.0'] },
    private: { A: ['10.1.2.3', '172.16.0.1', '192.168.0.1'] },
    metadata: { A: ['169.254.169.254'] },
    'unique-local': { AAAA: ['fd00::1'] },
    alias: { CNAME: 'mx.dst.test' },
  };
  const zones = Object.fromEntries(
    Object.entries(addresses).flatMap(([name, entry]) => [
      [`${name}.test`, to(`mx.${name}.test`)],
      [`mx.${name}.test`, entry],
    ]),
  );
  const world = await openWorld({ zones, config: { delivery: { allowPrivateNetworks: false } } });
  const domains = [...Object.keys(addresses).map((name) => `${name}.test`), 'dst.test'];
  await world.send({ to: domains.map((domain) => `a@${domain}`) });
  const events = await waitForEnds(world, domains, SILENCE_MS);
  expect(domains.map((domain) => [domain, endsAt(events, domain).map(shown)])).toEqual(domains.map((domain) => [domain, [NO_HOST]]));
  expect(world.mx.connections.total).toBe(0);
}, 60_000);
