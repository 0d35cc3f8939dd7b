/**
 * A key bound to a domain is held to it, whatever its kind and role. Reported: a domain's key of role admin read other domains' events and
 * made admin keys.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiEndpoints } from '#api';
import { mayCall } from '#api/endpoint/may-call.js';
import { type Harness, startApi } from '../api/support/harness.js';

const KINDS = ['user', 'web', 'domain'] as const;
const ROLES = ['admin', 'analyst', 'developer', 'support', 'sending'] as const;
const BOUND_TO = 'example.com';
const keyName = (kind: string, role: string, domain: string | undefined) => `secret of ${kind} ${role} ${domain ?? 'everywhere'}`;

let api: Harness;
beforeAll(async () => {
  api = await startApi();
  for (const kind of KINDS) {
    for (const role of ROLES) {
      for (const domainName of [undefined, BOUND_TO])
        api.directory.addKey(keyName(kind, role, domainName), { account: 1, kind, role, ...(domainName && { domainName }) });
    }
  }
});
afterAll(() => api.stop());

const pathAt = (path: string, domain: string) => path.replace(':domain', domain).replace(/:([a-z]+)/g, 'none');

describe.each(apiEndpoints.map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint] as const))('%s', (_name, endpoint) => {
  it.each(KINDS.flatMap((kind) => ROLES.map((role) => [kind, role] as const)))('%s key with role %s', async (kind, role) => {
    const isAllowed = async (key: string, domain: string) => {
      const { status, text } = await api.call(endpoint.method, pathAt(endpoint.path, domain), { key });
      expect([401, 429], text).not.toContain(status);
      return status !== 403;
    };
    const byRole = mayCall(role, endpoint);
    const hasDomain = endpoint.path.includes(':domain');
    const free = keyName(kind, role, undefined);
    const bound = keyName(kind, role, BOUND_TO);

    if (role !== 'sending') {
      expect(await isAllowed(free, BOUND_TO)).toBe(byRole);
      expect(await isAllowed(free, 'second.example')).toBe(byRole);
    }
    expect(await isAllowed(bound, BOUND_TO)).toBe(byRole && hasDomain);
    expect(await isAllowed(bound, 'second.example')).toBe(false);
    expect(await isAllowed(bound, 'nowhere.example')).toBe(false);
  });
});

it('the metrics of the server are not for a key of one domain', async () => {
  const ask = (key: string) => api.call('GET', '/metrics', { key, headers: { 'x-forwarded-for': '192.0.2.1' } });
  expect((await ask(keyName('user', 'admin', undefined))).status).toBe(200);
  for (const kind of KINDS) expect((await ask(keyName(kind, 'admin', BOUND_TO))).status).toBe(403);
});
