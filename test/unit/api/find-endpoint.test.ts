import { describe, expect, it } from 'vitest';
import { apiEndpoints } from '#api';
import { makeEndpointFinder } from '#api/endpoint/find-endpoint.js';

const find = makeEndpointFinder(apiEndpoints);
const shown = (method: string, path: string) => {
  const found = find(method, path);
  return found && [`${found.endpoint.method} ${found.endpoint.path}`, found.params];
};

describe('finding an endpoint', () => {
  it.each<[string, string, [string, Record<string, string>]]>([
    ['POST', '/v3/example.com/messages', ['POST /v3/:domain/messages', { domain: 'example.com' }]],
    ['POST', '/v3/example.com/messages/', ['POST /v3/:domain/messages', { domain: 'example.com' }]],
    ['POST', '/v3/example.com/messages.mime', ['POST /v3/:domain/messages.mime', { domain: 'example.com' }]],
    ['HEAD', '/v3/example.com/events', ['GET /v3/:domain/events', { domain: 'example.com' }]],
    ['GET', '/v3/b%C3%BCcher.example/events', ['GET /v3/:domain/events', { domain: 'bücher.example' }]],
    ['GET', '/v3/a%2Fb/events', ['GET /v3/:domain/events', { domain: 'a/b' }]],
    ['DELETE', '/v1/keys/a+b', ['DELETE /v1/keys/:key', { key: 'a+b' }]],
  ])('%s %s', (method, path, expected) => expect(shown(method, path)).toEqual(expected));

  it.each([
    ['GET', '/v3/example.com/messages'],
    ['POST', '/V3/example.com/messages'],
    ['POST', '/v3//messages'],
    ['POST', '/v3/example.com/messages//'],
    ['POST', '/v3/example.com/messages/x/y/z/w'],
    ['GET', '/v3/%ff/events'],
    ['GET', '/'],
    ['GET', ''],
    ['TRACE', '/v3/example.com/events'],
  ])('nothing for %s %s', (method, path) => expect(shown(method, path)).toBeUndefined());

  it('finds each by its own path', () => {
    for (const [own, { method, path }] of apiEndpoints.entries()) {
      const found = find(method, path.replace(/:[a-z]+/g, 'x'));
      // An earlier one may fit as well, and goes first.
      const at = found === undefined ? -1 : apiEndpoints.indexOf(found.endpoint);
      expect(at, path).toBeGreaterThanOrEqual(0);
      expect(at, path).toBeLessThanOrEqual(own);
    }
  });
});
