/** A hundred thousand recipients at a domain that nobody answers for, and what their neighbours notice of it: nothing. */
import { expect, test } from 'vitest';
import { fillSpool } from '../support/fill-spool.mjs';
import { openWorld } from './support/world.js';

/** Nobody listens there. */
const DEAD = '127.0.0.99';
const ROWS = 100_000;

test('mail beside a dead site is delivered, and the dead site costs a handful of attempts', { timeout: 90_000 }, async () => {
  const world = await openWorld({
    zones: { 'dead.test': { MX: [{ preference: 10, exchange: 'mx.dead.test' }] }, 'mx.dead.test': { A: [DEAD] } },
  });
  const { server, mx } = world;
  expect(await server.stop()).toBe(0);
  await fillSpool({ dataDir: server.dataDir, domain: 'src.test', recipient: (index) => `r${index}@dead.test`, rows: ROWS });
  await server.start();

  // Of the same account: its own dead mail is no reason to wait either.
  const sent: string[] = [];
  for (let count = 0; count < 40; count++) sent.push(await world.send({ to: `live${count}@dst.test` }));
  await mx.waitForMessages(sent.length);
  expect(new Set(mx.messages.map(({ rcptTo }) => rcptTo[0]))).toEqual(new Set(sent.map((_, index) => `live${index}@dst.test`)));

  // Three windows full of failures, each a step narrower than the one before, and the site is left alone.
  const suspended = async () => (await server.api('GET', '/metrics')).text.match(/^mailwagon_\w*suspended\w* (\d+)$/m)?.[1];
  await expect.poll(suspended).toBe('1');
  const temporary = (await world.events()).filter(({ severity }) => severity === 'temporary');
  expect(temporary.length).toBeGreaterThan(0);
  expect(temporary.length).toBeLessThanOrEqual(8);

  // The rest has not been touched: not tried, not put off, not moved.
  const { stdout } = await server.cli('queue', 'list', '--destination', 'dead.test', '--limit', '1000', '--json');
  const { items } = JSON.parse(stdout);
  expect(items.length).toBe(1000);
  expect(items.filter(({ attempts }: { attempts: number }) => attempts > 0).length).toBeLessThanOrEqual(8);
  const shown = JSON.parse((await server.cli('queue', 'show', String(items.at(-1).id), '--json')).stdout);
  expect(shown.why).toMatch(/^It has not been tried yet\. mx\.dead\.test is left alone for now: no session could be had/);
});
