/** A store that fails is 503 with Retry-After at every endpoint, whichever of its calls fails; it was 500, which clients do not try again. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { apiEndpoints } from '#api';
import { StoreError } from '#core';
import { type Harness, startApi } from '../api/support/harness.js';

let api: Harness;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

/** Enough for every endpoint to get as far as its store. */
const FORM = {
  ...{ from: 'a@example.com', to: 'b@example.org', subject: 's', text: 'x', message: 'From: a@example.com\r\n\r\nx', name: 'new.example' },
  ...{
    login: 'x',
    password: 'long enough',
    smtp_password: 'long enough',
    role: 'sending',
    domain: 'example.com',
    domain_name: 'example.com',
  },
  ...{ description: 'd', template: 't', tag: 'v1', active: 'yes', selector: 's1', signing_domain: 'example.com', id: '12', delivery: '12' },
  ...{
    destination: 'dst.example',
    all: 'yes',
    pool_id: 'p',
    ip: '192.0.2.10',
    require_tls: 'yes',
    web_scheme: 'https',
    message_ttl: '300',
  },
};
const SAMPLES: Record<string, string> = { domain: 'example.com', ip: '192.0.2.10', delivery: '12', attachment: '0', page: 'none' };

const failing = () => Promise.reject(new StoreError('failed', 'disk I/O error at /var/lib'));
/** Calls that answer from memory, or that the way to the handler takes. */
const FROM_MEMORY = new Set(['verify', 'refusalNow', 'siteOf', 'isAt', 'holds', 'holdsOf', 'listen', 'resolve', 'canonical']);

function breakAll(service: object): void {
  for (const [name, value] of Object.entries(service)) {
    if (FROM_MEMORY.has(name)) continue;
    if (typeof value === 'function') Object.assign(service, { [name]: failing });
    else if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map)) breakAll(value);
  }
}

it('every endpoint that needs the store says so', async () => {
  for (const service of [api.directory, api.intake, api.stored, api.queue, api.events, api.transcripts]) breakAll(service);
  const answers = new Map<string, { status: number; retryAfter: unknown }>();
  for (const { method, path } of apiEndpoints) {
    const at = path.replace(/:([a-z]+)/g, (_all, name: string) => SAMPLES[name] ?? 'none');
    const query = new URLSearchParams(method === 'GET' ? FORM : {}).toString();
    const answer = await api.call(method, method === 'GET' ? `${at}?${query}` : at, method === 'GET' ? {} : { form: FORM });
    answers.set(`${method} ${path}`, { status: answer.status, retryAfter: answer.headers['retry-after'] });
  }
  const failed = [...answers.values()].filter(({ status }) => status >= 500);
  expect([...answers].filter(([, { status }]) => status === 500)).toEqual([]);
  for (const { status, retryAfter } of failed) expect({ status, retryAfter }).toEqual({ status: 503, retryAfter: '10' });
  // The others never ask a store, or refuse this form before.
  expect(failed.length).toBeGreaterThan(apiEndpoints.length / 2);
});
