/** A network that lets nothing out by port 25, and then does: the fallback carries the mail of every destination meanwhile, and gives it back by itself. */
import { expect, onTestFinished, test } from 'vitest';
import { openWorld } from '../scenarios/support/world.js';
import { freePort } from '../support/free-port.mjs';
import { startScriptedMx } from '../support/scripted-mx.mjs';
import { waitFor } from '../support/wait-for.mjs';

const SITES = ['one', 'two', 'three', 'four'];

test('mail goes directly again within minutes after the block is lifted', async () => {
  const port = await freePort();
  const relay = await startScriptedMx({});
  onTestFinished(() => relay.close());
  const zones = Object.fromEntries(
    SITES.flatMap((name, index) => [
      [`${name}.test`, { MX: [{ preference: 10, exchange: `mx.${name}.test` }] }],
      [`mx.${name}.test`, { A: [`127.0.0.${41 + index}`] }],
    ]),
  );
  const fallback = { match: '*', when: 'fallback', host: '127.0.0.1', port: relay.port, tls: 'none' };
  const world = await openWorld({ zones, config: { delivery: { port, transports: [fallback] } } });
  const carried = () => relay.messages.flatMap(({ rcptTo }) => rcptTo);

  const blocked = SITES.map((name) => `blocked@${name}.test`);
  for (const to of blocked) await world.send({ to });
  await waitFor(() => carried().length === blocked.length, { what: 'mail by way of the fallback' });
  expect(carried().sort()).toEqual(blocked.toSorted());

  const hosts = await Promise.all(SITES.map((_name, index) => startScriptedMx({ host: `127.0.0.${41 + index}`, port })));
  for (const host of hosts) onTestFinished(() => host.close());
  const direct = () => hosts.flatMap(({ messages }) => messages.flatMap(({ rcptTo }) => rcptTo));
  let sent = 0;
  const arrived = async (to: string) => {
    await world.send({ to });
    await waitFor(() => direct().includes(to) || carried().includes(to), { what: to, timeoutMs: 30_000 });
    return direct().includes(to);
  };
  // Every site by itself: each was left alone, too.
  for (const name of SITES) {
    await waitFor(() => arrived(`later${sent++}@${name}.test`), { what: `direct mail to ${name}`, timeoutMs: 240_000, intervalMs: 1000 });
  }
  const throughRelay = carried().length;
  for (const name of SITES) for (let index = 0; index < 5; index++) expect(await arrived(`after${index}@${name}.test`)).toBe(true);
  expect(carried()).toHaveLength(throughRelay);
  const all = [...direct(), ...carried()];
  expect(new Set(all).size).toBe(all.length);
  expect(all).toHaveLength(blocked.length + sent + 5 * SITES.length);
});
