import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { clientAddress, makeGuessBrake, publicBaseUrl } from '#http';

const request = (headers: Record<string, string>, socket: object = { remoteAddress: '127.0.0.1' }) =>
  ({ headers, socket }) as unknown as IncomingMessage;

describe('publicBaseUrl', () => {
  it.each([
    [{ host: 'mail.example.com' }, {}, 'http://mail.example.com'],
    [{ host: '[::1]:8080' }, {}, 'http://[::1]:8080'],
    [{ host: 'mail.example.com' }, { encrypted: true }, 'https://mail.example.com'],
    [{ host: 'inner:8080', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'api.example.com' }, {}, 'https://api.example.com'],
    [
      { host: 'inner:8080', 'x-forwarded-proto': 'https,http', 'x-forwarded-host': 'api.example.com, inner' },
      {},
      'https://api.example.com',
    ],
    [{ host: 'good.example', 'x-forwarded-host': 'evil.example/path?', 'x-forwarded-proto': 'javascript' }, {}, 'http://good.example'],
    [{ host: 'a b"<>' }, {}, 'http://fallback.example'],
    [{}, {}, 'http://fallback.example'],
  ])('%j', (headers, socket, expected) => {
    expect(publicBaseUrl(request(headers as Record<string, string>, socket), 'fallback.example')).toBe(expected);
  });
});

describe('clientAddress', () => {
  it.each([
    ['192.0.2.1', undefined, '192.0.2.1'],
    ['::ffff:192.0.2.1', undefined, '192.0.2.1'],
    ['192.0.2.1', '198.51.100.7', '192.0.2.1'],
    ['127.0.0.1', '203.0.113.9, 198.51.100.7', '198.51.100.7'],
    ['::1', '2001:db8::1', '2001:db8::1'],
    ['127.0.0.1', 'unknown', '127.0.0.1'],
  ])('%s with %s', (remoteAddress, forwarded, expected) => {
    expect(clientAddress(request(forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }, { remoteAddress }))).toBe(expected);
  });
});

describe('guess brake', () => {
  it('counts different keys, forgets after its window, and is bounded', () => {
    let now = 0;
    const brake = makeGuessBrake({ now: () => now, monotonic: () => now });
    for (let round = 0; round < 100; round++) expect(brake.wrong('a', 'same')).toBe(0);
    for (let round = 0; round < 19; round++) expect(brake.wrong('a', `other-${round}`)).toBe(0);
    expect(brake.wrong('a', 'x')).toBe(600);
    expect(brake.wrong('b', 'x')).toBe(0);
    now = 599_000;
    expect(brake.wrong('a', 'x')).toBe(1);
    now = 600_000;
    expect(brake.wrong('a', 'x')).toBe(0);
    for (let round = 0; round < 20; round++) brake.wrong('b', `key-${round}`);
    for (let round = 0; round < 10_000; round++) brake.wrong(`flood-${round}`, 'x');
    expect(brake.wrong('b', 'x')).toBe(0);
  });
});
