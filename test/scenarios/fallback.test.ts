/** The way there and back: a source that is turned away is stood in for by a smarthost, until it may send again. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startScriptedMx } from '../support/scripted-mx.mjs';
import { tempDir } from '../support/temp-dir.mjs';
import { waitFor } from '../support/wait-for.mjs';
import { openWorld } from './support/world.js';

const rule = {
  id: 'f001',
  text: ['your address is not welcome'],
  threshold: 'immediate',
  // biome-ignore lint/suspicious/noThenProperty: the key of the file.
  then: { suspend: true },
  for: '20s',
  scope: 'path',
  explanation: 'The host turns the source away.',
  sample: '451 4.7.1 your address is not welcome',
};

test('a suspended source: the fallback carries, and the mail goes directly again by itself when the suspension is over', {
  timeout: 90_000,
}, async () => {
  const rules = tempDir();
  onTestFinished(rules.cleanup);
  const file = join(rules.path, 'shaping.yaml');
  writeFileSync(file, JSON.stringify({ responses: [rule] }));
  const relay = await startScriptedMx({});
  onTestFinished(() => relay.close());
  const fallback = { match: '*', when: 'fallback', host: '127.0.0.1', port: relay.port, tls: 'none' };
  const world = await openWorld({
    mx: { script: { mail: '451 4.7.1 your address is not welcome' } },
    config: { shaping: { file }, delivery: { transports: [fallback] } },
  });
  const direct = () => world.mx.messages.flatMap(({ rcptTo }) => rcptTo);
  const carried = () => relay.messages.flatMap(({ rcptTo }) => rcptTo);

  await world.send({ to: 'first@dst.test' });
  await world.waitForEvents({ accepted: 1, 'failed temporary': 1 });
  const told = world.mx.sessions.length;
  const during = Array.from({ length: 5 }, (_, index) => `during${index}@dst.test`);
  for (const to of during) await world.send({ to });
  await waitFor(() => carried().length === during.length, { what: 'mail by way of the fallback', timeoutMs: 60_000 });
  expect(carried().sort()).toEqual(during);
  expect([world.mx.sessions.length, direct()]).toEqual([told, []]);

  world.mx.script = {};
  const later: string[] = [];
  await waitFor(
    async () => {
      const to = `later${later.length}@dst.test`;
      later.push(to);
      await world.send({ to });
      await waitFor(() => direct().includes(to) || carried().includes(to), { what: 'the message', timeoutMs: 60_000 });
      return direct().includes(to);
    },
    { what: 'direct mail', timeoutMs: 60_000, intervalMs: 1000 },
  );
  const throughRelay = carried().length;
  const after = Array.from({ length: 10 }, (_, index) => `after${index}@dst.test`);
  for (const to of after) await world.send({ to });
  await waitFor(() => after.every((to) => direct().includes(to)), { what: 'direct mail', timeoutMs: 60_000 });
  expect(carried()).toHaveLength(throughRelay);
  expect([...direct(), ...carried()].sort()).toEqual([...during, ...later, ...after].sort());
  const events = await world.events();
  const shown = events
    .filter(({ event }) => event === 'delivered')
    .map((event) => [event.recipient, event['delivery-status']?.['mx-host']]);
  for (const [recipient, host] of shown)
    expect([recipient, host]).toEqual([recipient, carried().includes(recipient ?? '') ? '127.0.0.1' : 'mx.dst.test']);
});
