import { expect, test } from 'vitest';
import { makeRoutes, type RoutesDeps } from '../../../dist/delivery/routes.js';

function setUp(transports: RoutesDeps['transports']) {
  const clock = { time: 0, now: () => clock.time, monotonic: () => clock.time };
  const asked: string[] = [];
  const placed: [string, string][] = [];
  const dns: RoutesDeps['dns'] = {
    query: async (name, type) => {
      asked.push(`${type} ${name}`);
      return { kind: 'nxdomain', ttl: 60, authenticated: false };
    },
  };
  const routes = makeRoutes({
    dns,
    transports,
    port: 25,
    hostname: 'mail.host.example',
    allowPrivate: true,
    ipv6: false,
    mtaSts: { policyFor: async () => undefined },
    dane: { daneFor: async () => ({ kind: 'none' }) },
    clock,
    onRoute: (destination, site) => placed.push([destination, site]),
  });
  return { routes, clock, asked, placed };
}

const SMARTHOST = { match: '*', host: 'smart.example', port: 587, tls: 'may' } as const;

test('mail for a smarthost goes there for ever, not to mail exchangers once its route has become old', async () => {
  const { routes, clock, asked, placed } = setUp([SMARTHOST]);
  for (const age of [0, 31_000, 100_000, 500_000, 10_000_000]) {
    clock.time = age;
    expect(routes.known('dst.example')).toMatchObject({ site: 'smart.example:587', transport: SMARTHOST, none: undefined });
    expect(await routes.resolve('dst.example')).toMatchObject({ site: 'smart.example:587' });
  }
  expect(asked).toEqual([]);
  expect(new Set(placed.map(([, site]) => site))).toEqual(new Set(['smart.example:587']));
});

test('a destination without a smarthost is looked up, and one that has none is told so', async () => {
  const { routes, asked } = setUp([{ ...SMARTHOST, match: 'other.example' }]);
  expect(routes.known('dst.example')).toBeUndefined();
  expect(await routes.resolve('dst.example')).toMatchObject({ site: 'unresolved:dst.example', none: { permanent: true } });
  expect(asked).toContain('MX dst.example');
});
