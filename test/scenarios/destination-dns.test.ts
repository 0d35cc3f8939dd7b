/** What DNS says of a destination decides before anybody is connected to. */
import { expect, test } from 'vitest';
import { openWorld } from './support/world.js';

test('a null MX and a domain that does not exist are final; a DNS failure is not', async () => {
  const world = await openWorld({
    zones: { 'null.test': { MX: [{ preference: 0, exchange: '.' }] }, 'broken.test': 'servfail' },
  });
  await world.send({ to: ['a@null.test', 'a@missing.test', 'a@broken.test'] });

  const events = await world.waitForEvents({ accepted: 3, 'failed permanent': 2, 'failed temporary': 1 });
  const codeOf = (recipient: string) => {
    const failed = events.find((event) => event.event === 'failed' && event.recipient === recipient);
    return [failed?.severity, failed?.['delivery-status']?.code];
  };
  expect(codeOf('a@null.test')).toEqual(['permanent', 556]);
  expect(codeOf('a@missing.test')).toEqual(['permanent', 498]);
  expect(codeOf('a@broken.test')).toEqual(['temporary', 451]);
  expect(world.mx.connections.total).toBe(0);
});

test('a domain without MX is its own exchanger', async () => {
  const world = await openWorld({ zones: { 'plain.test': { A: ['127.0.0.1'] } } });
  await world.send({ to: 'a@plain.test' });
  const events = await world.waitForEvents({ accepted: 1, delivered: 1 });
  expect(events[1]?.['delivery-status']).toMatchObject({ 'mx-host': 'plain.test', code: 250 });
});

test('the next exchanger is tried when the best one is down', async () => {
  const world = await openWorld({
    zones: {
      'two.test': {
        MX: [
          { preference: 10, exchange: 'dead.two.test' },
          { preference: 20, exchange: 'mx.dst.test' },
        ],
      },
      // Nobody listens on this loopback address.
      'dead.two.test': { A: ['127.0.0.9'] },
    },
  });
  await world.send({ to: 'a@two.test' });
  const events = await world.waitForEvents({ accepted: 1, delivered: 1 });
  expect(events[1]?.['delivery-status']).toMatchObject({ 'mx-host': 'mx.dst.test' });
});

test('private addresses are refused unless they are allowed', async () => {
  const world = await openWorld({ config: { delivery: { allowPrivateNetworks: false } } });
  await world.send();
  const events = await world.waitForEvents({ accepted: 1, 'failed permanent': 1 });
  expect(events[1]?.['delivery-status']?.message).toMatch(/no public address/);
  expect(world.mx.connections.total).toBe(0);
});
