/**
 * A message in whose midst the peer hangs up has its event at once and waits; the mail beside it is not slowed down. Reported: it was tried
 * again at once, without event or wait, and narrowed the window of its path to one.
 */
import { expect, test, vi } from 'vitest';
import { openWorld, type World } from '../scenarios/support/world.js';
import { freePort } from '../support/free-port.mjs';
import type { Moment, ScriptedMxOptions } from '../support/scripted-mx.mjs';
import { waitFor } from '../support/wait-for.mjs';

const SOUND = 60;
/** For a busy machine. */
vi.setConfig({ testTimeout: 120_000 });

/** Over the destination's exchanger, or a smarthost. */
async function openWorldBy(way: string, script: ScriptedMxOptions['script']): Promise<World> {
  const port = await freePort();
  const transports = way === 'smarthost' ? [{ match: '*', host: '127.0.0.1', port, tls: 'none' }] : [];
  return openWorld({ mx: { port, script }, config: { delivery: { transports } } });
}

const isTo = ({ session }: Moment, name: string) => session.commands.findLast((line) => line.startsWith('RCPT'))?.includes(name) === true;

/** How often each recipient was named to the peer. */
const tries = ({ mx }: World, name: string) =>
  mx.sessions.flatMap(({ commands }) => commands).filter((line) => line.startsWith(`RCPT TO:<${name}`)).length;

async function metric({ server }: World, name: RegExp): Promise<number> {
  return Number((await server.api('GET', '/metrics')).text.match(new RegExp(`^${name.source} (\\d+)$`, 'm'))?.[1] ?? Number.NaN);
}

test.each(['smarthost', 'direct'])('one by one among others: told at the first try, put off, and nobody else waits (%s)', async (way) => {
  const world = await openWorldBy(way, {
    rcpt: (moment) => (isTo(moment, 'at-rcpt') ? 'close' : 'default'),
    data: (moment) => (isTo(moment, 'at-data') ? 'reset' : 'default'),
    dot: ({ message }) => (message?.rcptTo[0]?.startsWith('at-dot') ? 'close' : 'default'),
  });
  const poisonous = ['at-rcpt@dst.test', 'at-data@dst.test', 'at-dot@dst.test'];
  const sound = Array.from({ length: SOUND }, (_, index) => `sound${index}@dst.test`);
  const to = [...sound.slice(0, 20), poisonous[0], ...sound.slice(20, 40), poisonous[1], ...sound.slice(40), poisonous[2]];
  await Promise.all(to.map((recipient) => world.send({ to: recipient ?? '' })));

  const events = await world.waitForEvents({ accepted: SOUND + 3, delivered: SOUND, 'failed temporary': 3 });
  const failed = events.filter(({ event }) => event === 'failed');
  expect(failed.map(({ recipient }) => recipient).sort()).toEqual([...poisonous].sort());
  for (const { 'delivery-status': status } of failed) {
    expect(status).toMatchObject({ 'attempt-no': 1, code: 421 });
    expect(status?.['retry-seconds']).toBeGreaterThanOrEqual(600);
  }
  for (const recipient of poisonous) expect(tries(world, recipient), recipient).toBe(1);
  // What belongs to a message does not narrow the path.
  expect(await metric(world, /mailwagon_path_window\{.*\}/)).toBeGreaterThanOrEqual(2);
  expect(await metric(world, /mailwagon_delivery_sites_suspended/)).toBe(0);
});

test('421 at DATA: one more session within the attempt, one event, and others go on', async () => {
  const world = await openWorldBy('smarthost', {
    data: (moment) => (isTo(moment, 'poison') ? { reply: '421 4.3.0 cannot take this', close: true } : 'default'),
  });
  const to = ['poison@dst.test', ...Array.from({ length: SOUND }, (_, index) => `sound${index}@dst.test`)];
  await Promise.all(to.map((recipient) => world.send({ to: recipient })));
  const events = await world.waitForEvents({ accepted: SOUND + 1, delivered: SOUND, 'failed temporary': 1 });
  expect(events.find(({ event }) => event === 'failed')?.['delivery-status']).toMatchObject({ code: 421, 'attempt-no': 1 });
  expect(tries(world, 'poison')).toBe(2);
});

test('a message to many: after a few of its recipients the rest of them wait, and nobody else does', async () => {
  const world = await openWorldBy('smarthost', { data: (moment) => (isTo(moment, 'batch') ? 'reset' : 'default') });
  const batch = Array.from({ length: 40 }, (_, index) => `batch${index}@dst.test`);
  await world.send({ to: batch });
  for (let count = 0; count < 20; count++) await world.send({ to: `sound${count}@dst.test` });
  await world.mx.waitForMessages(20);
  const events = await waitFor(
    async () => {
      const all = await world.events();
      return all.filter(({ event }) => event === 'failed').length === tries(world, 'batch') && all;
    },
    { what: 'an event for each recipient that was tried' },
  );
  const failed = events.filter(({ event }) => event === 'failed');
  expect(failed.length).toBeGreaterThanOrEqual(3);
  expect(failed.length).toBeLessThanOrEqual(10);
  expect(await metric(world, /mailwagon_delivery_sites_suspended/)).toBe(0);
  const { items } = JSON.parse((await world.server.cli('queue', 'list', '--json')).stdout);
  expect(items.length).toBe(40);
  const untried = items.find(({ attempts }: { attempts: number }) => attempts === 0);
  const shown = JSON.parse((await world.server.cli('queue', 'show', String(untried.id), '--json')).stdout);
  expect(shown.why).toMatch(/has cut or not answered its sessions with this message, which is left alone until \d{4}-/);
});

test('one message after the other: the peer is left alone after a few, each of which has its event', async () => {
  const world = await openWorldBy('smarthost', { rcpt: 'close' });
  for (let count = 0; count < 60; count++) await world.send({ to: `r${count}@dst.test` });
  await waitFor(async () => (await metric(world, /mailwagon_delivery_sites_suspended/)) === 1, { what: 'a suspension' });
  const tried = await waitFor(
    async () => {
      const failed = (await world.events()).filter(({ severity }) => severity === 'temporary').length;
      return failed === tries(world, '') && failed;
    },
    { what: 'an event for each message that was tried' },
  );
  expect(tried).toBeLessThanOrEqual(15);
  const { items } = JSON.parse((await world.server.cli('queue', 'list', '--json')).stdout);
  expect(items.length).toBe(60);
  const untried = items.find(({ attempts }: { attempts: number }) => attempts === 0);
  const shown = JSON.parse((await world.server.cli('queue', 'show', String(untried.id), '--json')).stdout);
  expect(shown.why).toMatch(/is left alone for now: sessions end in the midst of one message after the other: /);
});
