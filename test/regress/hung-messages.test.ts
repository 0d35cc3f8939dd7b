/**
 * Messages that a peer never answers hold up nobody, and the operator sees what stands still. Reported: a few that hung at DATA took all
 * sessions of a smarthost, and nothing else arrived.
 */
import { expect, onTestFinished, test } from 'vitest';
import { openWorld, type World } from '../scenarios/support/world.js';
import { freePort } from '../support/free-port.mjs';
import type { Moment, PlainAction } from '../support/scripted-mx.mjs';
import { waitFor } from '../support/wait-for.mjs';

const SOUND = 60;
const HUNG = ['hang-data-1', 'hang-data-2', 'hang-dot-3'];

const isTo = ({ session }: Moment, name: string) => session.commands.findLast((line) => line.startsWith('RCPT'))?.includes(name) === true;

/** A peer that keeps those waiting until the test is over, and hangs up on others. */
async function openHangingWorld(way: string): Promise<World> {
  const port = await freePort();
  let release: (action: PlainAction) => void = () => undefined;
  const gate = new Promise<PlainAction>((resolve) => {
    release = resolve;
  });
  const transports = way === 'smarthost' ? [{ match: '*', host: '127.0.0.1', port, tls: 'none' }] : [];
  const world = await openWorld({
    mx: {
      port,
      script: {
        rcpt: (moment) => (isTo(moment, 'cut-rcpt') ? 'close' : 'default'),
        data: (moment) => (isTo(moment, 'hang-data') ? gate : isTo(moment, 'cut-data') ? 'close' : 'default'),
        dot: ({ message }) => (message?.rcptTo[0]?.includes('hang-dot') ? gate : 'default'),
      },
    },
    config: { delivery: { transports } },
  });
  // Before the server is stopped, which waits for a message that may have arrived.
  onTestFinished(() => release('close'));
  return world;
}

test.each(['smarthost', 'direct'])(
  'three hang in a window of two, two are cut: sound mail arrives (%s)',
  async (way) => {
    const world = await openHangingWorld(way);
    for (const name of HUNG) await world.send({ to: `${name}@dst.test` });
    await waitFor(() => world.mx.connections.open >= 2, { what: 'sessions that hang' });
    const others = [...Array.from({ length: SOUND }, (_, index) => `sound-${index}`), 'cut-rcpt', 'cut-data'];
    await Promise.all(others.map((name) => world.send({ to: `${name}@dst.test` })));

    // Long before the five minutes that a reply may take.
    await world.mx.waitForMessages(SOUND, 60_000);
    const events = await world.waitForEvents({ accepted: SOUND + 5, delivered: SOUND, 'failed temporary': 2 });
    expect(
      events
        .filter(({ event }) => event === 'failed')
        .map(({ recipient }) => recipient)
        .sort(),
    ).toEqual(['cut-data@dst.test', 'cut-rcpt@dst.test']);

    const { items } = (await world.server.api('GET', '/mailwagon/v1/queue')).body;
    const hung = items.filter(({ recipient }: { recipient: string }) => recipient.startsWith('hang'));
    expect(hung.length).toBe(HUNG.length);
    const said: string[] = [];
    for (const { id } of hung) said.push((await world.server.api('GET', `/mailwagon/v1/queue/${id}`)).body.why);
    expect(
      said.filter((why) => /has not answered (DATA|the end of the message).* for \d+ seconds; other mail goes on beside it/.test(why))
        .length,
      said.join('\n'),
    ).toBeGreaterThanOrEqual(2);
    const { text } = await world.server.api('GET', '/metrics');
    expect(Number(/^mailwagon_delivery_attempts_stalled (\d+)$/m.exec(text)?.[1])).toBeGreaterThanOrEqual(2);
    expect(text).toMatch(/^mailwagon_delivery_sites_suspended 0$/m);
    // Three that hang, and the widest window beside them.
    expect(world.mx.connections.max).toBeLessThanOrEqual(HUNG.length + 20);
  },
  120_000,
);
