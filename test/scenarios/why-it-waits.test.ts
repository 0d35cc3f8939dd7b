/** What `queue show` shows says in plain words what each delivery waits for, and until when, whatever it is. */
import { expect, test } from 'vitest';
import { waitFor } from '../support/wait-for.mjs';
import { openWorld, type World, type WorldOptions } from './support/world.js';

const RECIPIENTS = Array.from({ length: 12 }, (_, index) => `r${index}@dead.test`);

/** What is said of each open delivery, by recipient. */
async function reasons({ server }: World): Promise<Record<string, string>> {
  const { items } = (await server.api('GET', '/mailwagon/v1/queue')).body;
  const said: Record<string, string> = {};
  for (const { id, recipient } of items) said[recipient] = (await server.api('GET', `/mailwagon/v1/queue/${id}`)).body.why;
  return said;
}

/** A world with a destination where nobody listens. */
async function openDeadWorld(config: WorldOptions['config'] = {}): Promise<World> {
  const zones = { 'dead.test': { MX: [{ preference: 10, exchange: 'mx.dead.test' }] }, 'mx.dead.test': { A: ['127.0.0.9'] } };
  const world = await openWorld({ config, zones });
  // One by one: to be tried together would be too many connections at a time, which is no failure of the path.
  for (const to of RECIPIENTS) await world.send({ to });
  return world;
}

test.each([
  ['any address', {}, /mx\.dead\.test is left alone for now: no session could be had: .*It may be tried again in \d+ (second|minute)s?\./],
  [
    'an address of ours',
    { delivery: { sources: [{ ipv4: '127.0.0.1' }] } },
    /mail from 127\.0\.0\.1 to mx\.dead\.test is left alone until \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ: no session could be had: /,
  ],
])('a path that is left alone, from %s', async (_name, config, text) => {
  const world = await openDeadWorld(config);
  const said = await waitFor(
    async () => {
      const all = Object.values(await reasons(world));
      return all.some((why) => text.test(why)) && all;
    },
    { timeoutMs: 30_000, intervalMs: 500, what: 'mail behind a path that is left alone' },
  );
  // The others found nobody, and wait by the schedule.
  for (const why of said)
    expect(why).toMatch(/left alone|no connection could be made to mx\.dead\.test: .*It is tried again in \d+ minutes/);
});

test('connections that are all in use, a time that its sender chose', async () => {
  const world = await openWorld();
  let mayAnswer = () => {};
  const gate = new Promise<void>((resolve) => {
    mayAnswer = resolve;
  });
  world.mx.script.dot = async () => {
    await gate;
    return 'default';
  };
  const to = Array.from({ length: 6 }, (_, index) => `r${index}@dst.test`);
  for (const recipient of to) await world.send({ to: recipient });
  await world.send({ to: 'later@dst.test', 'o:deliverytime': new Date(Date.now() + 3_600_000).toUTCString() });
  await waitFor(() => world.mx.attempts.length > 0, { what: 'an attempt' });
  const said = await reasons(world);
  expect(said['later@dst.test']).toMatch(/^It has not been tried yet\. Scheduled by its sender for .*, in (60 minutes|1 hour)\./);
  const others = to.map((recipient) => said[recipient] ?? '');
  const tried = others.filter((why) => why.includes('It is being attempted now'));
  const waiting = others.filter((why) => /connections? that mx\.dst\.test is given now (is|are) in use/.test(why));
  expect(tried.length).toBeGreaterThan(0);
  expect(waiting.length).toBeGreaterThan(0);
  expect(tried.length + waiting.length, others.join('\n')).toBe(to.length);
  mayAnswer();
  await world.waitForEvents({ accepted: 7, delivered: 6 });
});
