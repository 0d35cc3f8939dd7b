import { expect, test } from 'vitest';
import { makeRoutes, type RoutesDeps } from '#routing/routes.js';

function setUp(transports: RoutesDeps['transports'], policyFor: RoutesDeps['mtaSts']['policyFor'] = async () => undefined) {
  const clock = { time: 0, now: () => clock.time, monotonic: () => clock.time };
  const asked: string[] = [];
  const placed: [string, string][] = [];
  const dns: RoutesDeps['dns'] = {
    query: async (name, type) => {
      asked.push(`${type} ${name}`);
      if (type === 'MX' && name.endsWith('.test')) {
        // The only question here is for MX.
        const records = [{ preference: 10, exchange: 'mx.shared.example' }] as never;
        return { kind: 'records', records, ttl: 300, authenticated: true };
      }
      return { kind: 'nxdomain', ttl: 60, authenticated: false };
    },
  };
  const routes = makeRoutes({
    dns,
    transports,
    port: 25,
    hostname: 'mail.host.example',
    isHosted: async () => false,
    allowPrivate: true,
    ipv6: false,
    mtaSts: { policyFor },
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

const policy = (mode: 'enforce' | 'testing') => ({ mode, mx: ['mx.shared.example'], id: '1', expiresAt: 1e15 });

test('a domain with an enforced policy is a site of its own, one with a policy in testing is not', async () => {
  const { routes } = setUp([], async (domain) =>
    domain === 'strict.test' ? policy('enforce') : domain === 'trying.test' ? policy('testing') : undefined,
  );
  const siteOf = async (domain: string) => (await routes.resolve(domain)).site;
  expect(await siteOf('strict.test')).toBe('mx.shared.example sts:strict.test');
  expect(await siteOf('trying.test')).toBe('mx.shared.example');
  expect(await siteOf('other.test')).toBe('mx.shared.example');
  expect(routes.known('strict.test')?.sts).toEqual(policy('enforce'));
});

test('mail for a smarthost knows nothing of the policy of its destination', async () => {
  const { routes } = setUp([SMARTHOST], async () => policy('enforce'));
  expect(await routes.resolve('strict.test')).toMatchObject({ site: 'smart.example:587', sts: undefined });
});

test('domains that make us wait for their policies hold up nobody else', async () => {
  const { routes } = setUp([], (domain) => (domain.startsWith('slow') ? new Promise(() => undefined) : Promise.resolve(undefined)));
  for (let index = 0; index < 1000; index++) void routes.resolve(`slow${index}.test`);
  expect(await routes.resolve('other.test')).toMatchObject({ site: 'mx.shared.example' });
});
