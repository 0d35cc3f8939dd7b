import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type SecureVersion, type TLSSocket, type TlsOptions } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '#core';
import { makeClientTls, makeTlsSessions, type TlsLevel, type TlsSessionKey } from '#net';
import { issue } from '../../support/test-ca.js';

const ca = issue({ name: 'Authority', isCa: true });
const good = issue({ name: 'mx.dst.test', issuer: ca });
const elsewhere = issue({ name: 'other.test', issuer: ca });
const keyOf = (fields: Partial<TlsSessionKey> = {}): TlsSessionKey => ({
  source: '',
  mxHost: 'mx.dst.test',
  ip: '127.0.0.1',
  port: 25,
  level: 'verify',
  ...fields,
});

const closing: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serve(options: TlsOptions): Promise<number> {
  // Tickets come before the answer to what the client says, as in SMTP, where the client speaks first after STARTTLS.
  const server = createServer({ ticketKeys: randomBytes(48), ...options }, (socket) => socket.once('data', () => socket.write('250 ok')));
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

const sessionOptions = (session: Buffer | undefined) => (session === undefined ? {} : { session });

/** Connected, and one exchange done. */
function open(port: number, level: TlsLevel, session?: Buffer): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      ...makeClientTls({ ca: [ca.cert] })(level, 'mx.dst.test'),
      ...sessionOptions(session),
    });
    closing.push(() => socket.destroy());
    socket.write('EHLO');
    socket.once('data', () => resolve(socket)).once('error', reject);
  });
}

const versions: SecureVersion[] = ['TLSv1.2', 'TLSv1.3'];
describe.each(versions)('with %s', (version) => {
  it('a session is resumed', async () => {
    const port = await serve({ cert: good.cert, key: good.key, minVersion: version, maxVersion: version });
    const sessions = makeTlsSessions({ clock: systemClock });
    const first = await open(port, 'verify');
    expect(first.isSessionReused()).toBe(false);
    sessions.keep(keyOf(), first, first.authorized);
    const kept = sessions.find(keyOf());
    expect(kept?.certificateVerified).toBe(true);
    const second = await open(port, 'verify', kept?.session);
    expect(second.isSessionReused()).toBe(true);
    expect(second.getProtocol()).toBe(version);
    sessions.keep(keyOf(), second, kept?.certificateVerified === true);
    const third = await open(port, 'verify', sessions.find(keyOf())?.session);
    expect(third.isSessionReused()).toBe(true);
    expect(sessions.size()).toBe(1);
  });

  it('the word on a certificate of another host survives, though Node would call the resumed one authorised', async () => {
    const port = await serve({ cert: elsewhere.cert, key: elsewhere.key, minVersion: version, maxVersion: version });
    const sessions = makeTlsSessions({ clock: systemClock });
    const key = keyOf({ level: 'may' });
    const first = await open(port, 'may');
    expect(first.authorized).toBe(false);
    sessions.keep(key, first, first.authorized);
    const kept = sessions.find(key);
    const second = await open(port, 'may', kept?.session);
    expect(second.isSessionReused()).toBe(true);
    expect(second.authorized).toBe(true);
    expect(kept?.certificateVerified).toBe(false);
  });

  it('a session of another server costs a whole handshake and nothing else', async () => {
    const pair = { cert: good.cert, key: good.key, minVersion: version, maxVersion: version };
    const [one, other] = await Promise.all([serve(pair), serve(pair)]);
    const sessions = makeTlsSessions({ clock: systemClock });
    sessions.keep(keyOf(), await open(one, 'verify'), true);
    const socket = await open(other, 'verify', sessions.find(keyOf())?.session);
    expect(socket.isSessionReused()).toBe(false);
    expect(socket.authorized).toBe(true);
  });
});

/** A socket as far as the sessions look at it. */
function fakeSocket(session: Buffer): TLSSocket & { give: (ticket: Buffer) => void } {
  let listener: (ticket: Buffer) => void = () => undefined;
  const fake = {
    getSession: () => session,
    getProtocol: () => 'TLSv1.2',
    getTLSTicket: () => undefined,
    isSessionReused: () => false,
    on: (_event: string, given: typeof listener) => (listener = given),
    give: (ticket: Buffer) => listener(ticket),
  };
  return fake as never;
}

describe('sessions', () => {
  it('are kept apart by source, host, address, port and level', () => {
    const sessions = makeTlsSessions({ clock: systemClock });
    sessions.keep(keyOf(), fakeSocket(Buffer.from('a')), true);
    for (const other of [{ source: '192.0.2.9' }, { mxHost: 'b.test' }, { ip: '192.0.2.2' }, { port: 26 }, { level: 'may' as const }]) {
      expect(sessions.find(keyOf(other))).toBeUndefined();
    }
    expect(sessions.find(keyOf())).toMatchObject({ session: Buffer.from('a'), certificateVerified: true });
  });

  it('are replaced by each ticket, and forgotten when told', () => {
    const sessions = makeTlsSessions({ clock: systemClock });
    const socket = fakeSocket(Buffer.from('a'));
    sessions.keep(keyOf(), socket, true);
    socket.give(Buffer.from('b'));
    expect(sessions.find(keyOf())?.session.toString()).toBe('b');
    sessions.forget(keyOf());
    expect(sessions.find(keyOf())).toBeUndefined();
  });

  it('of DANE are not kept', () => {
    const sessions = makeTlsSessions({ clock: systemClock });
    sessions.keep(keyOf({ level: 'dane' }), fakeSocket(Buffer.from('a')), true);
    expect(sessions.find(keyOf({ level: 'dane' }))).toBeUndefined();
    expect(sessions.size()).toBe(0);
  });

  it('are at most so many, those used longest ago forgotten first, and never large', () => {
    const sessions = makeTlsSessions({ clock: systemClock, maxSessions: 2 });
    for (const port of [1, 2]) sessions.keep(keyOf({ port }), fakeSocket(Buffer.from('a')), true);
    sessions.find(keyOf({ port: 1 }));
    sessions.keep(keyOf({ port: 3 }), fakeSocket(Buffer.from('a')), true);
    expect([1, 2, 3].map((port) => sessions.find(keyOf({ port })) !== undefined)).toEqual([true, false, true]);
    sessions.keep(keyOf({ port: 4 }), fakeSocket(Buffer.alloc(10_000)), true);
    expect(sessions.find(keyOf({ port: 4 }))).toBeUndefined();
    expect(sessions.size()).toBe(2);
  });
});
