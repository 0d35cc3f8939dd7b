/** Request bodies: every encoding, every limit, and everything broken; the server lives on and keeps nothing. */
import { readdir } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { basic, type Harness, KEYS, multipart, startApi } from './support/harness.js';

let api: Harness;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

const SEND = '/v3/example.com/messages';
const LEAST = { from: 'shop@example.com', to: 'alice@example.org', text: 'Hello' };
const PARTS = Object.entries(LEAST).map(([name, value]) => ({ name, value }));
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const JSON_TYPE = { 'content-type': 'application/json' };
const MALFORMED = { status: 400, json: { message: 'malformed multipart/form-data request' } };

async function lives() {
  expect((await api.call('POST', SEND, { form: LEAST })).status).toBe(200);
  expect(await api.leftovers()).toEqual([]);
}

describe('encodings', () => {
  it.each([
    ['urlencoded', new URLSearchParams(LEAST).toString(), FORM],
    ['urlencoded, unlabelled', new URLSearchParams(LEAST).toString(), {}],
    ['JSON', JSON.stringify({ ...LEAST, to: ['alice@example.org'], 'o:testmode': true }), JSON_TYPE],
    ['JSON labelled urlencoded', JSON.stringify(LEAST), FORM],
    ['JSON, unlabelled', ` ${JSON.stringify(LEAST)}`, {}],
    ['gzip', gzipSync(new URLSearchParams(LEAST).toString()), { ...FORM, 'content-encoding': 'gzip' }],
    ['deflate', deflateSync(new URLSearchParams(LEAST).toString()), { ...FORM, 'content-encoding': 'deflate' }],
    ['gzipped multipart', gzipSync(multipart(PARTS).body), { ...multipart([]).headers, 'content-encoding': 'GZIP' }],
  ])('%s', async (_name, body, headers) => {
    expect(await api.call('POST', SEND, { body, headers: headers as Record<string, string> })).toMatchObject({ status: 200 });
    expect(api.intake.accepted[0]?.recipients).toEqual(['alice@example.org']);
  });

  it('chunked, on every method', async () => {
    const headers = { ...FORM, 'transfer-encoding': 'chunked' };
    expect((await chunked('POST', SEND, headers, [new URLSearchParams(LEAST).toString()])).status).toBe(200);
    expect((await chunked('GET', '/v3/domains', headers, ['limit=', '1'])).body).toContain('"total_count":2');
  });

  it('multipart on PUT and DELETE, empty too', async () => {
    await api.call('POST', '/v3/example.com/credentials', { form: { login: 'alice', password: 'password1' } });
    expect((await api.call('PUT', '/v3/example.com/credentials/alice', multipart([{ name: 'password', value: 'password2' }]))).status).toBe(
      200,
    );
    expect((await api.call('DELETE', '/v3/example.com/credentials/alice', multipart([]))).status).toBe(200);
  });

  it('bodies win over the query, and empty values are absent', async () => {
    const answer = await api.call('POST', `${SEND}?to=query@example.org&cc=cc@example.org&subject=`, { form: { ...LEAST, bcc: '' } });
    expect(answer.status).toBe(200);
    expect(api.intake.accepted[0]?.recipients).toEqual(['alice@example.org', 'cc@example.org']);
  });

  it('repeated fields in PHP spelling', async () => {
    const form: [string, string][] = [
      ['from', LEAST.from],
      ['text', 'x'],
      ['to[0]', 'a@example.org'],
      ['to[1]', 'b@example.org'],
      ['o:tag[]', 'one'],
      ['o:tag[]', 'two'],
    ];
    expect((await api.call('POST', SEND, { form })).status).toBe(200);
    expect(api.intake.accepted[0]).toMatchObject({ recipients: ['a@example.org', 'b@example.org'], tags: ['one', 'two'] });
  });
});

describe('confused types', () => {
  it.each([
    [{ ...LEAST, to: { a: 'b' } }, 'to parameter is not a valid address. please check documentation'],
    [{ ...LEAST, to: 5 }, 'to parameter is not a valid address. please check documentation'],
    [{ ...LEAST, to: null }, 'to parameter is missing'],
    [{ ...LEAST, to: [[['alice@example.org']]] }, 'to parameter is not a valid address. please check documentation'],
    [[LEAST], 'The request body must be a JSON object'],
    ['text', 'The request body must be a JSON object'],
  ])('%j', async (body, message) => {
    expect(await api.call('POST', SEND, { body: JSON.stringify(body), headers: JSON_TYPE })).toMatchObject({
      status: 400,
      json: { message },
    });
  });

  it('objects in field names stay names', async () => {
    const answer = await api.call('POST', SEND, { form: { from: LEAST.from, text: 'x', 'to[a]': 'b@example.org' } });
    expect(answer.json.message).toBe('to parameter is missing');
  });

  it.each(['{"__proto__":{"admin":true},"constructor":{"prototype":{"x":1}}}', '{"__proto__":{"to":"alice@example.org"}}'])(
    '%s pollutes nothing',
    async (body) => {
      expect((await api.call('POST', SEND, { body, headers: JSON_TYPE })).status).toBe(400);
      expect(({} as Record<string, unknown>).admin ?? ({} as Record<string, unknown>).to).toBeUndefined();
    },
  );

  it('__proto__ as a field', async () => {
    const form: [string, string][] = [...Object.entries(LEAST), ['__proto__', 'x'], ['__proto__[admin]', 'yes'], ['constructor', 'x']];
    expect((await api.call('POST', SEND, { form })).status).toBe(200);
    const variables = await api.call('POST', SEND, { form: { ...LEAST, 'h:X-Mailgun-Variables': '{"__proto__":{"x":1}}' } });
    expect(variables).toMatchObject({ status: 400, json: { message: "'v:__proto__' is not a valid name of a variable" } });
  });

  it.each(['{', '[1,', '{"a":1}}', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`])('broken or deep JSON: %.20s', async (body) => {
    const answer = await api.call('POST', SEND, { body, headers: JSON_TYPE });
    expect(answer.status).toBe(400);
  });
});

describe('limits', () => {
  it('takes 26 MB and leaves judging the message to intake', async () => {
    const file = { name: 'attachment', value: Buffer.alloc(26_000_000, 1), filename: 'big.bin' };
    expect((await api.call('POST', SEND, multipart([...PARTS, file]))).status).toBe(200);
    expect(api.intake.accepted[0]?.attachments?.[0]?.size).toBe(26_000_000);
    expect(await api.leftovers()).toEqual([]);
  });

  it.each([
    ['announced', (body: Buffer) => api.call('POST', SEND, { body, headers: multipart([]).headers })],
    [
      'not announced',
      (body: Buffer) =>
        chunked('POST', SEND, { ...multipart([]).headers, 'transfer-encoding': 'chunked' }, [body]).then(({ status, body: text }) => ({
          status,
          json: JSON.parse(text),
        })),
    ],
  ])('refuses over 52.4 MiB, %s', async (_name, send) => {
    const { body } = multipart([...PARTS, { name: 'attachment', value: Buffer.alloc(53 * 1024 * 1024), filename: 'huge.bin' }]);
    expect(await send(body)).toMatchObject({ status: 413, json: { message: 'request size exceeds 52.4MiB limit' } });
    await lives();
  });

  it('refuses a gzip bomb', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024));
    for (const headers of [FORM, JSON_TYPE, multipart([]).headers]) {
      const answer = await api.call('POST', SEND, { body: bomb, headers: { ...headers, 'content-encoding': 'gzip' } });
      expect(answer.status).toBe(headers === FORM || headers === JSON_TYPE ? 413 : answer.status);
      expect([400, 413]).toContain(answer.status);
    }
    const inside = gzipSync(multipart([...PARTS, { name: 'attachment', value: Buffer.alloc(100 * 1024 * 1024), filename: 'zeros' }]).body);
    expect((await api.call('POST', SEND, { body: inside, headers: { ...multipart([]).headers, 'content-encoding': 'gzip' } })).status).toBe(
      413,
    );
    await lives();
  });

  it.each([
    ['what is no gzip', Buffer.from('plain'), 'gzip', 400],
    ['cut gzip', gzipSync(Buffer.from(new URLSearchParams(LEAST).toString())).subarray(0, 40), 'gzip', 400],
    ['what is no deflate', Buffer.from('plain'), 'deflate', 400],
    ['another encoding', Buffer.from('x'), 'br', 415],
  ])('refuses %s', async (_name, body, encoding, status) => {
    const answer = await api.call('POST', SEND, { body, headers: { ...FORM, 'content-encoding': encoding } });
    expect(answer.status).toBe(status);
    expect(typeof answer.json.message).toBe('string');
    await lives();
  });

  it('bounds the number of fields and files', async () => {
    const fields = (count: number) => Array.from({ length: count }, (_item, index) => ({ name: `f${index}`, value: 'x' }));
    expect(await api.call('POST', SEND, multipart(fields(10_000)))).toMatchObject({
      status: 400,
      json: { message: 'Too many parameters, max is 4000' },
    });
    expect(
      await api.call('POST', SEND, multipart(fields(10_000).map((part) => ({ ...part, name: 'attachment', filename: 'f' })))),
    ).toMatchObject({
      status: 400,
      json: { message: 'Too many files, max is 1000' },
    });
    expect((await api.call('POST', SEND, { body: 'a=1&'.repeat(8000), headers: FORM })).json.message).toBe(
      'Too many parameters, max is 4000',
    );
    expect((await api.call('GET', `/v3/domains?${'a&'.repeat(4100)}`)).json.message).toBe('Too many parameters, max is 4000');
    expect((await api.call('POST', SEND, multipart([...PARTS, ...fields(3990)]))).status).toBe(200);
    await lives();
  });
});

describe('broken multipart', () => {
  const { body: whole, headers } = multipart([...PARTS, { name: 'attachment', value: Buffer.alloc(400_000), filename: 'a.bin' }]);
  const text = (from: string, to: string) => Buffer.from(multipart(PARTS).body.toString('latin1').replace(from, to), 'latin1');

  it.each([
    ['no last boundary', whole.subarray(0, -20)],
    ['cut in a file', whole.subarray(0, 300_000)],
    ['cut in a header', multipart(PARTS).body.subarray(0, 30)],
    ['an empty name', text('name="to"', 'name=""')],
    ['no name', text('; name="to"', '')],
    ['no disposition', text('Content-Disposition: form-data; name="to"', 'X-Other: x')],
    ['another disposition', text('form-data; name="to"', 'attachment; name="to"')],
    ['a header that is none', text('Content-Disposition: form-data; name="to"', 'no header')],
    ['an overlong header', text('name="to"', `name="${'x'.repeat(20_000)}"`)],
    ['an overlong name', text('name="to"', `name="${'x'.repeat(2_000)}"`)],
    ['an unknown charset', text('name="to"', 'name="to"\r\nContent-Type: text/plain; charset=no-such-thing')],
    ['nothing but text', Buffer.from('hello')],
  ])('%s', async (_name, body) => {
    const answer = await api.call('POST', SEND, { body, headers });
    expect(answer).toMatchObject(MALFORMED);
    expect(api.intake.accepted).toEqual([]);
    await lives();
  });

  it('no boundary', async () => {
    expect(await api.call('POST', SEND, { body: whole, headers: { 'content-type': 'multipart/form-data' } })).toMatchObject(MALFORMED);
    await lives();
  });

  it('another content type', async () => {
    const answer = await api.call('POST', SEND, { body: 'x', headers: { 'content-type': 'text/plain; charset=utf-8' } });
    expect(answer).toMatchObject({
      status: 400,
      json: { message: "Invalid request content type. Expecting 'multipart/form-data' but got 'text/plain'" },
    });
  });

  it('is told from a disk that is full or gone', async () => {
    const { rm, mkdir } = await import('node:fs/promises');
    await rm(api.tempDir, { recursive: true });
    expect(await api.call('POST', SEND, { body: whole, headers })).toMatchObject({
      status: 503,
      headers: { 'retry-after': '10' },
      json: { message: 'Storage is not available, try again later' },
    });
    await mkdir(api.tempDir);
    await lives();
  });
});

describe('clients that go away or wait', () => {
  it('an abort in the middle of an upload leaves no file and no descriptor', async () => {
    const before = (await readdir('/proc/self/fd')).length;
    const { body, headers } = multipart([...PARTS, { name: 'attachment', value: Buffer.alloc(2_000_000), filename: 'a.bin' }]);
    for (let round = 0; round < 5; round++) {
      await new Promise<void>((resolve) => {
        const request = httpRequest({
          port: api.port,
          method: 'POST',
          path: SEND,
          headers: { ...headers, authorization: basic(KEYS.admin), 'content-length': body.byteLength },
        });
        request.on('error', () => resolve());
        request.write(body.subarray(0, 1_500_000), () => setImmediate(() => request.destroy()));
        request.on('close', resolve);
      });
    }
    await vi.waitFor(async () => expect((await readdir('/proc/self/fd')).length).toBeLessThanOrEqual(before + 3));
    expect(api.intake.accepted).toEqual([]);
    await lives();
  });

  describe('and drip', () => {
    beforeEach(async () => {
      await api.stop();
      api = await startApi({ timeouts: { headersTimeout: 300, requestTimeout: 1000, connectionsCheckingInterval: 50 } });
    });

    it('a body is cut off at its deadline', async () => {
      const answer = await raw(
        `POST ${SEND} HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic(KEYS.admin)}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n`,
        'x',
      );
      expect(answer).toMatch(/^HTTP\/1\.1 (408|400) /);
      await lives();
    });

    it('a header is cut off at its deadline', async () => {
      expect(await raw(`POST ${SEND} HTTP/1.1\r\nHost: x\r\n`, 'X-Slow: 1\r\n')).toMatch(/^HTTP\/1\.1 408 |^$/);
      await lives();
    });
  });

  it('Expect: 100-continue is answered when the body is wanted, and not for a wrong key', async () => {
    const head = (key: string) =>
      `POST ${SEND} HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic(key)}\r\nExpect: 100-continue\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 8\r\n\r\n`;
    const wanted = await raw(head(KEYS.admin), '', /HTTP\/1\.1 400/, { after: /100 Continue\r\n\r\n/, send: 'from=xx&' });
    expect(wanted).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 400 /);
    const unwanted = await raw(head('wrong'), '');
    expect(unwanted).toMatch(/^HTTP\/1\.1 401 /);
    expect(unwanted).toMatch(/connection: close/i);
  });

  it('a refused request does not break the connection for the next one', async () => {
    const body = 'x'.repeat(300_000);
    const first = `POST ${SEND} HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic('wrong')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const second = `GET /v3/domains HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic(KEYS.admin)}\r\nConnection: close\r\n\r\n`;
    expect(await raw(first + second, '')).toMatch(/^HTTP\/1\.1 401 [\s\S]*HTTP\/1\.1 200 /);
  });
});

/** Sends `start`, then `drip` every 20 ms, until the server closes (or `until` is seen); gives what it said. */
function raw(start: string, drip: string, until?: RegExp, then?: { after: RegExp; send: string }): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    let sent = false;
    let timer: NodeJS.Timeout | undefined;
    const socket = connect(api.port, '127.0.0.1', () => {
      socket.write(start);
      if (drip !== '') timer = setInterval(() => socket.write(drip), 20);
    });
    socket.on('data', (chunk) => {
      said += chunk.toString('latin1');
      if (then?.after.test(said) && !sent) {
        sent = true;
        socket.write(then.send);
      }
      if (until?.test(said)) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(timer);
      resolve(said);
    });
  });
}

function chunked(
  method: string,
  path: string,
  headers: Record<string, string>,
  pieces: (string | Buffer)[],
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { port: api.port, method, path, headers: { ...headers, authorization: basic(KEYS.admin) }, agent: false },
      (response) => {
        let body = '';
        response.on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      },
    );
    request.on('error', reject);
    for (const piece of pieces) request.write(piece);
    request.end();
  });
}
