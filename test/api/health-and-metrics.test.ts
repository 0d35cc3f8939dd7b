/** What is answered without a key: health checks to anybody, metrics to this machine. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { basic, type Harness, KEYS, startApi } from './support/harness.js';

let api: Harness;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

const get = (path: string, headers: Record<string, string> = {}) => api.call('GET', path, { key: null, headers });

describe('health', () => {
  it('is live while it answers, whatever is wrong', async () => {
    api.obstacles.push('store');
    expect(await get('/health/live')).toMatchObject({ status: 200, json: { status: 'live' } });
  });

  it('is ready, or says in a word why not, and nothing else', async () => {
    expect(await get('/health/ready')).toMatchObject({ status: 200, json: { status: 'ready' } });
    api.obstacles.push('store', 'no room');
    const answer = await get('/health/ready');
    expect(answer.status).toBe(503);
    expect(answer.json).toEqual({ status: 'not ready', reasons: ['store', 'no room'] });
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('knows GET and HEAD only', async () => {
    expect(await api.call('HEAD', '/health/ready', { key: null })).toMatchObject({ status: 200, text: '' });
    expect(await api.call('POST', '/health/ready', { key: null })).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });
});

describe('metrics', () => {
  it('are shown to this machine without a key, in the text format', async () => {
    const answer = await get('/metrics');
    expect(answer).toMatchObject({ status: 200, text: '# HELP up Up.\n# TYPE up gauge\nup 1\n' });
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it.each([
    ['a proxy that says for whom', { 'x-forwarded-for': '203.0.113.7' }],
    ['a proxy that says so otherwise', { forwarded: 'for=203.0.113.7' }],
    ['a proxy that says it is one', { via: '1.1 proxy' }],
    ['a proxy that passes the name on', { host: 'mail.example.com' }],
    ['a web page whose name points here', { host: 'evil.example:8080' }],
  ])('want the key of an administrator of the operator from %s', async (_who, headers) => {
    expect(await get('/metrics', headers)).toMatchObject({ status: 401, text: 'Forbidden' });
    const as = (key: string) => get('/metrics', { ...headers, authorization: basic(key) });
    expect((await as('wrong')).status).toBe(401);
    for (const key of [KEYS.developer, KEYS.support, KEYS.analyst, KEYS.sending, KEYS.other]) expect((await as(key)).status).toBe(403);
    expect((await as(KEYS.admin)).status).toBe(200);
  });
});

it('tells whoever counts of every answer, by route and never by path', async () => {
  await api.call('GET', '/mailwagon/v1/queue/12345');
  await api.call('GET', '/mailwagon/v1/status', { key: 'wrong' });
  await api.call('GET', '/mailwagon/v1/status');
  expect(api.observed).toEqual(['GET /mailwagon/v1/queue/:delivery 404', 'GET /mailwagon/v1/status 401', 'GET /mailwagon/v1/status 200']);
});
