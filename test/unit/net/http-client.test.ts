import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DAY, systemClock } from '#core';
import {
  type CertificatePair,
  type Dns,
  type HttpClient,
  type HttpClientOptions,
  makeDnsClient,
  makeHttpClient,
  makeSelfSignedCertificate,
} from '#net';
import { type FakeDns, startFakeDns } from '../../support/fake-dns.mjs';
import { freePort } from '../../support/free-port.mjs';

let server: FakeDns;
let dns: Dns;
let pair: CertificatePair;
let expired: CertificatePair;
beforeAll(async () => {
  const now = systemClock.now();
  pair = await makeSelfSignedCertificate({ hostname: 'hook.test', notBefore: now - DAY });
  expired = await makeSelfSignedCertificate({ hostname: 'hook.test', notBefore: now - 9 * DAY, days: 1 });
  server = await startFakeDns({
    'hook.test': { A: ['127.0.0.1'] },
    'other.test': { A: ['127.0.0.1'] },
    'dead-and-alive.test': { A: ['127.0.0.2', '127.0.0.1'] },
    'servfail.test': 'servfail',
    'slow.test': 'timeout',
    'metadata.test': { A: ['169.254.169.254'] },
    'mixed.test': { A: ['169.254.169.254', '127.0.0.1'] },
    'rebinding.test': { A: (count) => (count === 1 ? ['127.0.0.1'] : ['169.254.169.254']) },
  });
  dns = makeDnsClient({ servers: [server.address], clock: systemClock, timeoutMs: 1000, attempts: 1 });
});
afterAll(() => server.close());

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.reverse().splice(0)) await close();
});

function client(options: Partial<HttpClientOptions> = {}): HttpClient {
  const made = makeHttpClient({ dns, allowPrivate: true, ipv6: false, ...options });
  closing.push(() => made.close());
  return made;
}

async function listen(made: Server): Promise<number> {
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    made.closeAllConnections();
    return new Promise((resolve) => made.close(resolve));
  });
  return (made.address() as AddressInfo).port;
}

const serve = (listener: RequestListener) => listen(createServer(listener));
const serveTls = (listener: RequestListener, given = pair) => listen(createTlsServer(given, listener));

/** A server that says what it is told to say, byte by byte. */
async function serveBytes(text: string, thenEnd = true): Promise<number> {
  const made = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => (thenEnd ? socket.end(text) : socket.write(text)));
    closing.push(() => socket.destroy());
  });
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  closing.push(() => made.close());
  return (made.address() as AddressInfo).port;
}

async function readAll(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

describe('URLs that lead into this machine or its network', () => {
  const literals = [
    'http://127.0.0.1/',
    'http://127.1/',
    'http://0x7f000001/',
    'http://2130706433/',
    'http://017700000001/',
    'http://0/',
    'http://0.0.0.0/',
    'http://10.0.0.1/',
    'http://172.16.0.1/',
    'http://192.168.1.1/',
    'http://100.64.0.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://168.63.129.16/',
    'http://192.0.0.192/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://[::]/',
    'http://[::1]/',
    'http://[fc00::1]/',
    'http://[fd00:ec2::254]/',
    'http://[fe80::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[::127.0.0.1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[64:ff9b:1::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://[2001:0:7f00:1::]/',
    'http://127.0.0.1./',
    'http://①②⑦.0.0.1/',
  ];
  it.each(literals)('%s is refused without a look-up or a connection', async (url) => {
    const before = server.queries.length;
    expect(await client({ allowPrivate: false }).request({ url })).toMatchObject({ kind: 'refused', reason: 'address' });
    expect(server.queries.length).toBe(before);
  });

  it.each([
    'http://localhost/',
    'http://localhost./',
    'http://LOCALHOST/',
    'http://a.localhost/',
    'http://metadata.google.internal/',
    'http://printer.local/',
    'http://intranet/',
    'http://router.lan/',
    'http://nas.home.arpa/',
  ])('%s is refused by its name', async (url) => {
    expect(await client({ allowPrivate: false }).request({ url })).toMatchObject({ kind: 'refused', reason: 'name' });
  });

  const answers: ['A' | 'AAAA', string][] = [
    ['A', '127.0.0.1'],
    ['A', '10.1.2.3'],
    ['A', '100.64.0.1'],
    ['A', '169.254.169.254'],
    ['A', '168.63.129.16'],
    ['A', '0.0.0.0'],
    ['AAAA', '::1'],
    ['AAAA', '::ffff:127.0.0.1'],
    ['AAAA', 'fd00::1'],
    ['AAAA', 'fe80::1'],
    ['AAAA', '64:ff9b::7f00:1'],
  ];
  it.each(answers)('a name with the %s record %s is refused where the socket opens', async (type, ip) => {
    server.set('hostile.test', { [type]: [ip] });
    const result = await client({ allowPrivate: false, ipv6: true }).request({ url: 'https://hostile.test/' });
    expect(result).toEqual({ kind: 'refused', reason: 'address', text: 'hostile.test has no public address' });
  });

  it('with other schemes, credentials, or no sense at all are refused', async () => {
    const refusals = [
      ['file:///etc/passwd', 'scheme'],
      ['ftp://example.com/', 'scheme'],
      ['gopher://example.com/', 'scheme'],
      ['data:text/plain,x', 'scheme'],
      ['javascript:alert(1)', 'scheme'],
      ['unix:/run/docker.sock', 'scheme'],
      ['http://user@example.com/', 'credentials'],
      ['http://user:pass@example.com/', 'credentials'],
      ['http://example.com@127.0.0.1/', 'credentials'],
      ['//example.com/', 'invalid'],
      ['example.com', 'invalid'],
      ['', 'invalid'],
      ['http://', 'invalid'],
      ['http://a..test/', 'invalid'],
      ['http://[fe80::1%25eth0]/', 'invalid'],
      ['http://1.2.3.4.5/', 'invalid'],
      ['http://ex%61mple.c%00om/', 'invalid'],
      [`http://example.com/${'a'.repeat(8192)}`, 'invalid'],
    ];
    for (const [url = '', reason] of refusals) {
      expect({ url, ...(await client({ allowPrivate: false }).request({ url })) }).toMatchObject({ url, kind: 'refused', reason });
    }
  });

  it('a backslash does not hide the host', async () => {
    const result = await client({ allowPrivate: false }).request({ url: 'http://127.0.0.1\\@example.com/' });
    expect(result).toMatchObject({ kind: 'refused', reason: 'address' });
  });

  it.each([22, 25, 53, 110, 143, 465, 587, 993, 1, 0, 111, 2375, 3306, 5432, 6379, 9200, 11211, 27017, 2525])(
    'port %i is refused',
    async (port) => {
      expect(await client().request({ url: `http://hook.test:${port}/` })).toMatchObject({ kind: 'refused', reason: 'port' });
    },
  );

  it('ports are what the owner of the client says they are', async () => {
    const port = await serve((_request, response) => response.end('here'));
    const picky = client({ allowPort: (asked) => asked === 443 });
    expect(await picky.request({ url: `http://hook.test:${port}/` })).toMatchObject({ kind: 'refused', reason: 'port' });
  });
});

describe('with private networks allowed', () => {
  it('loopback works by address, by name and as localhost', async () => {
    const port = await serve((request, response) => response.end(request.headers.host));
    for (const host of ['127.0.0.1', 'hook.test', 'HOOK.test.', 'localhost', '127.1']) {
      const result = await client().request({ url: `http://${host}:${port}/` });
      expect(result).toMatchObject({ kind: 'response', status: 200, truncated: false });
    }
  });

  it('link-local and metadata addresses stay closed', async () => {
    for (const url of [
      'http://169.254.169.254/',
      'http://100.100.100.200/',
      'http://[fe80::1]/',
      'http://metadata.test/',
      'http://0.0.0.0/',
    ]) {
      expect(await client().request({ url })).toMatchObject({ kind: 'refused', reason: 'address' });
    }
  });
});

describe('DNS rebinding', () => {
  it('gains nothing: a name is asked once for a connection, and the answer that was checked is the one used', async () => {
    const port = await serve((_request, response) => response.setHeader('connection', 'close').end('first'));
    const fetcher = client();
    expect(await fetcher.request({ url: `http://rebinding.test:${port}/` })).toMatchObject({ kind: 'response', status: 200 });
    expect(server.count('rebinding.test', 'A')).toBe(1);
    expect(await fetcher.request({ url: `http://rebinding.test:${port}/` })).toMatchObject({ kind: 'refused', reason: 'address' });
    expect(server.count('rebinding.test', 'A')).toBe(2);
  });

  it('of half the addresses gains nothing either: only the allowed ones are tried', async () => {
    const port = await serve((_request, response) => response.end('ok'));
    expect(await client().request({ url: `http://mixed.test:${port}/` })).toMatchObject({ kind: 'response', status: 200 });
  });
});

describe('redirects', () => {
  const withRedirects = (to: string | ((port: number) => string), status = 302): Promise<number> => {
    const made = createServer((request, response) => {
      if (request.url === '/end') return response.end(JSON.stringify(request.headers));
      const { port } = made.address() as AddressInfo;
      return response.writeHead(status, { location: typeof to === 'string' ? to : to(port) }).end('moved');
    });
    return listen(made);
  };

  it.each([301, 302, 303, 307, 308])('%i is given back, not followed', async (status) => {
    const port = await withRedirects('/end', status);
    expect(await client().request({ url: `http://hook.test:${port}/` })).toMatchObject({ kind: 'response', status });
  });

  it.each([301, 302, 303, 307, 308])('%i is followed when asked, and only as often as asked', async (status) => {
    const port = await withRedirects('/end', status);
    const result = await client().request({ url: `http://hook.test:${port}/`, maxRedirects: 1 });
    expect(result).toMatchObject({ kind: 'response', status: 200, url: `http://hook.test:${port}/end` });
    const loop = await withRedirects('/again', status);
    expect(await client().request({ url: `http://hook.test:${loop}/`, maxRedirects: 3 })).toMatchObject({ kind: 'response', status });
  });

  it.each([
    ['http://169.254.169.254/latest', 'address'],
    ['http://[::ffff:169.254.169.254]/', 'address'],
    ['http://metadata.test/', 'address'],
    ['file:///etc/passwd', 'scheme'],
    ['http://u:p@hook.test/', 'credentials'],
    ['http://hook.test:25/', 'port'],
  ])('to %s are refused like the URL itself', async (to, reason) => {
    const port = await withRedirects(to);
    expect(await client().request({ url: `http://hook.test:${port}/`, maxRedirects: 5 })).toMatchObject({ kind: 'refused', reason });
  });

  it('of a POST are never followed', async () => {
    const port = await withRedirects('/end', 307);
    expect(await client().request({ url: `http://hook.test:${port}/`, method: 'POST', body: 'x', maxRedirects: 5 })).toMatchObject({
      status: 307,
    });
  });

  it('carry secrets within an origin only', async () => {
    const headers = { Authorization: 'Basic abc', 'X-Plain': 'yes' };
    const same = await withRedirects('/end');
    const kept = await client().request({ url: `http://hook.test:${same}/`, headers, maxRedirects: 1 });
    expect(JSON.parse(kept.kind === 'response' ? kept.body.toString() : '{}')).toMatchObject({
      authorization: 'Basic abc',
      'x-plain': 'yes',
    });
    const across = await withRedirects((port) => `http://other.test:${port}/end`);
    const result = await client().request({ url: `http://hook.test:${across}/`, headers, maxRedirects: 1 });
    const seen = JSON.parse(result.kind === 'response' ? result.body.toString() : '{}');
    expect(seen).toMatchObject({ 'x-plain': 'yes' });
    expect(seen.authorization).toBeUndefined();
  });

  it('from https to http are refused', async () => {
    const port = await serveTls((_request, response) => response.writeHead(302, { location: 'http://hook.test:8080/' }).end());
    const result = await client({ ca: [pair.cert] }).request({ url: `https://hook.test:${port}/`, maxRedirects: 1 });
    expect(result).toMatchObject({ kind: 'refused', reason: 'redirect' });
  });
});

describe('a request', () => {
  it('sends method, path, headers and body, and frames them itself', async () => {
    const port = await serve(async (request, response) => {
      const body = await readAll(request);
      response.setHeader('x-answer', 'yes').writeHead(201);
      response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
    });
    const result = await client({ userAgent: 'mailwagon/1' }).request({
      url: `http://hook.test:${port}/a%20b?c=d#e`,
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Host: 'evil.test', 'Content-Length': '5', 'Transfer-Encoding': 'chunked' },
      body: '{"ü":1}',
    });
    expect(result).toMatchObject({ kind: 'response', status: 201, headers: { 'x-answer': 'yes' } });
    const seen = JSON.parse(result.kind === 'response' ? result.body.toString() : '{}');
    expect(seen).toMatchObject({ method: 'POST', url: '/a%20b?c=d', body: '{"ü":1}' });
    expect(seen.headers).toMatchObject({
      host: `hook.test:${port}`,
      'user-agent': 'mailwagon/1',
      'content-length': '8',
      'accept-encoding': 'identity',
    });
    expect(seen.headers['transfer-encoding']).toBeUndefined();
  });

  it('with a header that would break the request is refused', async () => {
    const result = await client().request({ url: 'http://hook.test:8080/', headers: { 'X-A': 'b\r\nX-C: d' } });
    expect(result).toMatchObject({ kind: 'refused', reason: 'invalid' });
  });

  it('uses a connection again, and not too many at a time', async () => {
    const sockets = new Set<unknown>();
    const port = await serve((request, response) => {
      sockets.add(request.socket);
      setTimeout(() => response.end('ok'), 5);
    });
    const fetcher = client({ connectionsPerOrigin: 2 });
    const results = await Promise.all(Array.from({ length: 12 }, () => fetcher.request({ url: `http://hook.test:${port}/` })));
    expect(results.every((result) => result.kind === 'response')).toBe(true);
    expect(sockets.size).toBeLessThanOrEqual(2);
  });
});

describe('what comes back', () => {
  it('is cut at the size asked for, and the connection with it', async () => {
    let closed = false;
    const port = await serve((request, response) => {
      request.socket.on('close', () => (closed = true));
      const more = () => {
        if (!response.destroyed) response.write(Buffer.alloc(16_384, 'x'), () => setImmediate(more));
      };
      more();
    });
    const result = await client().request({ url: `http://hook.test:${port}/`, maxBytes: 100_000 });
    expect(result).toMatchObject({ kind: 'response', status: 200, truncated: true });
    expect(result.kind === 'response' && result.body.length).toBe(100_000);
    await expect.poll(() => closed).toBe(true);
  });

  it('of exactly that size is whole', async () => {
    const port = await serve((_request, response) => response.end(Buffer.alloc(65_536)));
    const result = await client().request({ url: `http://hook.test:${port}/` });
    expect(result).toMatchObject({ kind: 'response', truncated: false });
    expect(result.kind === 'response' && result.body.length).toBe(65_536);
  });

  it.each<[string, string, string]>([
    ['a body that ends early', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort', 'lost'],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', 'lost'],
    ['nothing', '', 'lost'],
    ['endless headers', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`, 'lost'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 'lost'],
    ['a switch of protocols', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n', 'lost'],
  ])('%s is a failure', async (_what, bytes, reason) => {
    const port = await serveBytes(bytes);
    expect(await client().request({ url: `http://hook.test:${port}/` })).toMatchObject({ kind: 'failed', reason });
  });
});

describe('the deadline', () => {
  const quick = { timeoutMs: 150 };
  it.each<[string, () => Promise<string>]>([
    ['a server that says nothing', async () => `http://hook.test:${await serveBytes('', false)}/`],
    ['headers that never end', async () => `http://hook.test:${await serveBytes('HTTP/1.1 200 OK\r\nX: y', false)}/`],
    [
      'a body that never ends',
      async () => `http://hook.test:${await serveBytes('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab', false)}/`,
    ],
    ['early hints without end', async () => `http://hook.test:${await serveBytes('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(50), false)}/`],
    ['a handshake that stalls', async () => `https://hook.test:${await serveBytes('', false)}/`],
  ])('ends %s', async (_what, url) => {
    expect(await client().request({ url: await url(), ...quick })).toMatchObject({ kind: 'failed', reason: 'timeout' });
  });

  it('ends a body that comes one byte at a time', async () => {
    const port = await serve((_request, response) => {
      const drip = setInterval(() => response.write('x'), 10);
      response.on('close', () => clearInterval(drip));
    });
    expect(await client().request({ url: `http://hook.test:${port}/`, ...quick })).toMatchObject({ kind: 'failed', reason: 'timeout' });
  });

  it('holds for a request that waits for a connection', async () => {
    const port = await serve(() => undefined);
    const fetcher = client({ connectionsPerOrigin: 1 });
    const results = await Promise.all([1, 2, 3].map(() => fetcher.request({ url: `http://hook.test:${port}/`, ...quick })));
    expect(results).toEqual(results.map(() => expect.objectContaining({ kind: 'failed', reason: 'timeout' })));
  });

  it('covers the redirects together', async () => {
    const port = await serve((_request, response) => setTimeout(() => response.writeHead(302, { location: '/' }).end(), 40));
    const result = await client().request({ url: `http://hook.test:${port}/`, maxRedirects: 100, ...quick });
    expect(result).toMatchObject({ kind: 'failed', reason: 'timeout' });
  });
});

describe('failures', () => {
  it('name what failed', async () => {
    const closed = await freePort();
    const table: [string, string][] = [
      ['http://gone.test:8080/', 'dns'],
      ['http://servfail.test:8080/', 'dns'],
      ['http://slow.test:8080/', 'dns'],
      [`http://hook.test:${closed}/`, 'connect'],
      [`http://127.0.0.1:${closed}/`, 'connect'],
    ];
    for (const [url, reason] of table) expect({ url, ...(await client().request({ url })) }).toMatchObject({ url, kind: 'failed', reason });
  });

  it('of one address lead to the next', async () => {
    const port = await serve((_request, response) => response.end('ok'));
    expect(await client().request({ url: `http://dead-and-alive.test:${port}/` })).toMatchObject({ kind: 'response', status: 200 });
  });

  it('of certificates stop before anything is sent', async () => {
    let requests = 0;
    const answer: RequestListener = (_request, response) => {
      requests += 1;
      response.end('ok');
    };
    const port = await serveTls(answer);
    const late = await serveTls(answer, expired);
    const tls = { kind: 'failed', reason: 'tls' };
    expect(await client().request({ url: `https://hook.test:${port}/` })).toMatchObject(tls);
    expect(await client({ ca: [pair.cert] }).request({ url: `https://other.test:${port}/` })).toMatchObject(tls);
    expect(await client({ ca: [expired.cert] }).request({ url: `https://hook.test:${late}/` })).toMatchObject(tls);
    expect(await client({ ca: [pair.cert] }).request({ url: `https://hook.test:${await serveBytes('no TLS\r\n')}/` })).toMatchObject(tls);
    expect(requests).toBe(0);
    expect(await client({ ca: [pair.cert] }).request({ url: `https://hook.test:${port}/` })).toMatchObject({
      kind: 'response',
      status: 200,
    });
  });
});
