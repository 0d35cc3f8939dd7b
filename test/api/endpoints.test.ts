/** What holds for every endpoint, generated from the list itself. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { apiEndpoints } from '#api';
import { type Harness, KEYS, startApi } from './support/harness.js';

let api: Harness;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

/** A path with names of the right kind in it: what is not listed exists nowhere. */
const pathOf = (path: string, domain = 'example.com') => {
  const samples: Record<string, string> = { domain, login: 'alice', ip: '192.0.2.10', delivery: '12', attachment: '0' };
  return path.replace(/:([a-z]+)/g, (_all, name: string) => samples[name] ?? `no-such-${name}`);
};

describe.each(apiEndpoints.map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint] as const))('%s', (_name, endpoint) => {
  it('needs a key', async () => {
    for (const key of [null, 'wrong', '']) {
      const answer = await api.call(endpoint.method, pathOf(endpoint.path), { key });
      expect(answer.status).toBe(401);
      expect(answer.text).toBe('Forbidden');
      expect(answer.headers['content-type']).toMatch(/^text\/plain/);
      expect(answer.headers['www-authenticate']).toBe('Basic realm="MG API"');
    }
  });

  it('answers a wrong method with 405 and what is allowed', async () => {
    const answer = await api.call('PURGE', pathOf(endpoint.path));
    expect(answer.status).toBe(405);
    expect(answer.json).toEqual({ message: 'Method not allowed' });
    expect(String(answer.headers.allow).split(', ')).toContain(endpoint.method);
  });

  it('is closed to sending keys unless it sends', async () => {
    const answer = await api.call(endpoint.method, pathOf(endpoint.path), { key: KEYS.sending });
    if (endpoint.access === 'send') expect(answer.status).toBe(400);
    else expect(answer).toMatchObject({ status: 403, json: { message: 'Forbidden' } });
  });

  it('knows nothing of another account’s domain', async () => {
    if (!endpoint.parameters.includes('domain')) return;
    const path = pathOf(endpoint.path, 'other.example');
    const form = { login: 'x', password: 'long enough', to: 'a@example.org', from: 'a@example.com', text: 'x', message: 'x' };
    const answer = await api.call(endpoint.method, path, { form });
    expect(answer.status).toBe(404);
    expect(answer.json.message).toMatch(endpoint.group === 'Templates' ? /^domain not found$/ : /^Domain not found: other\.example/);
  });

  it('never answers other than JSON with a message', async () => {
    const answer = await api.call(endpoint.method, pathOf(endpoint.path));
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    if (answer.status !== 200) expect(typeof answer.json.message).toBe('string');
    expect(answer.status).toBeLessThan(500);
  });
});

it('names the parameters of every path', () => {
  for (const endpoint of apiEndpoints) {
    const names = [...endpoint.path.matchAll(/:([a-z]+)/g)].map((match) => match[1]);
    expect(endpoint.parameters).toEqual(names);
    expect(new Set(names).size).toBe(names.length);
    expect(endpoint.title).not.toBe('');
  }
});
