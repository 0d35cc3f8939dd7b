/** What the mail exchanger answers decides: 5xx ends a delivery, 4xx keeps it for later, and one recipient's trouble is not another's. */
import { expect, test } from 'vitest';
import { openWorld } from './support/world.js';

test('550 is final, and said in the event', async () => {
  const world = await openWorld({ mx: { recipients: { 'nobody@dst.test': '550 5.1.1 no such user here' } } });
  await world.send({ to: 'nobody@dst.test' });

  const events = await world.waitForEvents({ accepted: 1, 'failed permanent': 1 });
  const [failed] = events.filter(({ event }) => event === 'failed');
  expect(failed).toMatchObject({ recipient: 'nobody@dst.test', reason: 'bounce' });
  expect(failed?.['delivery-status']).toMatchObject({ code: 550, 'enhanced-code': '5.1.1', 'attempt-no': 1, 'mx-host': 'mx.dst.test' });
  expect(failed?.['delivery-status']?.message).toContain('no such user here');
  expect(JSON.parse((await world.server.cli('queue', 'list', '--json')).stdout).items).toEqual([]);
});

test('451 waits, and "queue retry" makes it due', async () => {
  const world = await openWorld({ mx: { recipients: { 'later@dst.test': ['451 4.2.1 try again later', 'default'] } } });
  await world.send({ to: 'later@dst.test' });

  const deferred = await world.waitForEvents({ accepted: 1, 'failed temporary': 1 });
  expect(deferred[1]?.['delivery-status']).toMatchObject({ code: 451, 'attempt-no': 1, 'retry-seconds': 600 });
  const queued = JSON.parse((await world.server.cli('queue', 'list', '--json')).stdout);
  expect(queued.items).toMatchObject([{ recipient: 'later@dst.test', attempts: 1, last: { code: 451 } }]);

  const retry = await world.server.cli('queue', 'retry', String(queued.items[0].id), '--json');
  expect(retry).toMatchObject({ code: 0 });
  expect(JSON.parse(retry.stdout)).toEqual({ count: 1 });
  const events = await world.waitForEvents({ accepted: 1, 'failed temporary': 1, delivered: 1 });
  expect(events[2]?.['delivery-status']).toMatchObject({ code: 250, 'attempt-no': 2 });
  expect(world.mx.messages).toHaveLength(1);
});

test('two taken, one refused, one told to wait: each gets its own end', async () => {
  const recipients = { 'no@dst.test': '550 5.1.1 no', 'wait@dst.test': '450 4.2.1 wait' };
  const world = await openWorld({ mx: { recipients } });
  await world.send({ to: ['a@dst.test', 'b@dst.test', 'no@dst.test', 'wait@dst.test'] });

  const events = await world.waitForEvents({ accepted: 4, delivered: 2, 'failed permanent': 1, 'failed temporary': 1 });
  const ends = events
    .filter(({ event }) => event !== 'accepted')
    .map(({ event, severity, recipient }) => `${recipient} ${severity || event}`);
  expect(ends.sort()).toEqual(['a@dst.test delivered', 'b@dst.test delivered', 'no@dst.test permanent', 'wait@dst.test temporary']);
  expect(world.mx.messages.flatMap(({ rcptTo }) => rcptTo).sort()).toEqual(['a@dst.test', 'b@dst.test']);
});
