import { expect, test } from 'vitest';
import { makeConnectionCounter } from '#net';
import { makeAuthBrake } from '#smtp/auth-brake.js';

const limits = { authFailuresPerLogin: 3, authFailuresPerSource: 5, authWindowMs: 1000, authBrakeMs: 500 };

function setup(maxEntries?: number, clients = new Set<string>()) {
  let now = 1;
  const credentials = {
    knowsClient: async (login: string, client: string) => clients.has(`${login} ${client}`),
    rememberClient: async (login: string, client: string) => void clients.add(`${login} ${client}`),
  };
  const brake = makeAuthBrake({ clock: { now: () => now, monotonic: () => now }, limits, credentials, maxEntries });
  const pass = (ms: number) => {
    now += ms;
  };
  return { brake, pass };
}

test('a login is braked after its failures, from anywhere, and for a while', async () => {
  const { brake, pass } = setup();
  for (const ip of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) {
    expect(await brake.isBraked('User@a.test', ip)).toBe(false);
    brake.failed('User@a.test', ip);
  }
  expect(await brake.isBraked('user@A.test', '192.0.2.9')).toBe(true);
  expect(await brake.isBraked('other@a.test', '192.0.2.9')).toBe(false);
  pass(499);
  expect(await brake.isBraked('user@a.test', '192.0.2.9')).toBe(true);
  pass(2);
  expect(await brake.isBraked('user@a.test', '192.0.2.9')).toBe(false);
});

test('guessing does not lock out a client that logged in before', async () => {
  const { brake } = setup();
  await brake.succeeded('user@a.test', '198.51.100.1');
  for (let count = 0; count < 3; count++) brake.failed('user@a.test', '192.0.2.1');
  expect(await brake.isBraked('user@a.test', '192.0.2.1')).toBe(true);
  expect(await brake.isBraked('user@a.test', '198.51.100.1')).toBe(false);
});

test('nor after a restart, and only where the directory knows the client', async () => {
  const clients = new Set<string>();
  const before = setup(undefined, clients);
  await before.brake.succeeded('User@a.test', '198.51.100.1');
  await before.brake.succeeded('user@a.test', '2001:db8::1');
  expect([...clients]).toEqual(['user@a.test 198.51.100.1', 'user@a.test 2001:db8:0:0::/64']);
  const { brake } = setup(undefined, clients);
  for (let count = 0; count < 3; count++) brake.failed('user@a.test', '192.0.2.1');
  expect(await brake.isBraked('user@a.test', '198.51.100.1')).toBe(false);
  expect(await brake.isBraked('user@a.test', '2001:db8::99')).toBe(false);
  expect(await brake.isBraked('user@a.test', '198.51.100.2')).toBe(true);
});

test('a client is braked after failures with any logins, an IPv6 client by its /64', async () => {
  const { brake } = setup();
  for (let count = 0; count < 5; count++) brake.failed(`user${count}@a.test`, `2001:db8::${count + 1}`);
  expect(await brake.isBraked('new@a.test', '2001:db8::99')).toBe(true);
  expect(await brake.isBraked('new@a.test', '2001:db8:0:1::1')).toBe(false);
});

test('a success resets the login and not the client', async () => {
  const { brake } = setup();
  brake.failed('user@a.test', '192.0.2.1');
  brake.failed('user@a.test', '192.0.2.1');
  await brake.succeeded('user@a.test', '192.0.2.1');
  brake.failed('user@a.test', '192.0.2.1');
  brake.failed('user@a.test', '192.0.2.1');
  expect(await brake.isBraked('user@a.test', '192.0.2.7')).toBe(false);
  brake.failed('x@a.test', '192.0.2.1');
  expect(await brake.isBraked('y@a.test', '192.0.2.1')).toBe(true);
});

test('old failures are forgotten, and the tables stay small', async () => {
  const { brake, pass } = setup(2);
  brake.failed('user@a.test', '192.0.2.1');
  brake.failed('user@a.test', '192.0.2.2');
  pass(1001);
  brake.failed('user@a.test', '192.0.2.3');
  expect(await brake.isBraked('user@a.test', '192.0.2.3')).toBe(false);
  brake.failed('user@a.test', '192.0.2.3');
  for (const login of ['b', 'c']) brake.failed(login, '192.0.2.4');
  brake.failed('user@a.test', '192.0.2.5');
  expect(await brake.isBraked('user@a.test', '192.0.2.6')).toBe(false);
});

test('places are counted per client and in all, given back once, and trusted clients only count in all', async () => {
  const counter = makeConnectionCounter({ connections: 4, connectionsPerClient: 2 });
  const leave = counter.enter('192.0.2.1', false);
  counter.enter('::ffff:192.0.2.1', false);
  expect(counter.enter('192.0.2.1', false)).toBe('source');
  expect(typeof counter.enter('192.0.2.1', true)).toBe('function');
  expect(typeof counter.enter('192.0.2.2', false)).toBe('function');
  expect(counter.enter('192.0.2.3', true)).toBe('total');
  if (typeof leave !== 'function') throw new Error('a place');
  leave();
  leave();
  expect(counter.open()).toBe(3);
  expect(typeof counter.enter('192.0.2.3', false)).toBe('function');
});

test('the last places are kept for this machine', () => {
  const counter = makeConnectionCounter({ connections: 20, connectionsPerClient: 100 });
  const strangers = Array.from({ length: 20 }, (_, index) => typeof counter.enter(`192.0.2.${index}`, true));
  expect(strangers.filter((place) => place === 'function')).toHaveLength(18);
  for (const ip of ['127.0.0.1', '::1']) expect(typeof counter.enter(ip, false)).toBe('function');
  expect(counter.enter('127.0.0.1', false)).toBe('total');
});
