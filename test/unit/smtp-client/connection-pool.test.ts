/** How the pool deals with TLS: what it remembers of hosts, which session it offers, and which connections are exchanged for each other. */
import { afterEach, describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE, systemClock } from '#core';
import type { TlsaRecord, TlsDecision } from '#net';
import { type ConnectionPool, makeConnectionPool, type PeerAddress } from '#smtp-client/connection-pool.js';
import { tlsKeyOf } from '#smtp-client/peer-tls.js';
import { type ScriptedMx, type ScriptedMxOptions, startScriptedMx } from '../../support/scripted-mx.mjs';
import { issue } from '../../support/test-ca.js';
import { PATIENT } from '../delivery/support/harness.js';

const ca = issue({ name: 'CA', isCa: true });
const good = issue({ name: 'mx.dst.test', issuer: ca });
const tls = { cert: good.cert, key: good.key };

let mx: ScriptedMx;
let pool: ConnectionPool;
/** How far this clock is ahead, ms. */
let ahead: number;
afterEach(async () => {
  pool.abortAll();
  await mx.close();
});

async function start(options: ScriptedMxOptions): Promise<void> {
  mx = await startScriptedMx(options);
  ahead = 0;
  const clock = { now: () => systemClock.now() + ahead, monotonic: () => systemClock.monotonic() + ahead };
  pool = makeConnectionPool({ clock, timeouts: PATIENT, maxIdle: 10, extraCa: [ca.cert] });
}

const decision = (level: TlsDecision['level'], fields: Partial<TlsDecision> = {}): TlsDecision => ({
  level,
  servername: 'mx.dst.test',
  verifyNames: level === 'verify' ? ['mx.dst.test'] : [],
  skipHost: false,
  byDane: false,
  reason: 'a test',
  ...fields,
});
const peerOf = (level: TlsDecision['level'], fields: Partial<PeerAddress> = {}): PeerAddress => ({
  name: 'mx.dst.test',
  ip: mx.host,
  localAddress: undefined,
  ehlo: 'out.test',
  port: mx.port,
  tls: decision(level),
  policy: '',
  implicitTls: false,
  ...fields,
});

/** Opens a connection, ends it, and says how it went. */
async function visit(peer: PeerAddress): Promise<string> {
  try {
    const session = await pool.open(peer, 10_000);
    const { tls: encrypted, certificateVerified } = session.facts;
    session.abort('done');
    const resumed = mx.sessions.at(-1)?.tlsResumed === true ? ', resumed' : '';
    return `${certificateVerified ? 'verified' : encrypted ? 'encrypted' : 'clear'}${resumed}`;
  } catch (error) {
    return `refused: ${(error as Error).message}`;
  }
}
const startTlsCommands = () => mx.sessions.flatMap(({ commands }) => commands).filter((line) => line === 'STARTTLS').length;

describe('a host with broken TLS', () => {
  it('is not asked for it again for three days', async () => {
    await start({ tls, script: { handshake: ['close', 'default'] } });
    expect(await visit(peerOf('may'))).toBe('clear');
    ahead = 3 * DAY - MINUTE;
    expect(await visit(peerOf('may'))).toBe('clear');
    expect(startTlsCommands()).toBe(1);
    ahead = 3 * DAY + MINUTE;
    expect(await visit(peerOf('may'))).toBe('verified');
  });

  it('that says 454, which means for now, is asked again after an hour', async () => {
    await start({ tls, script: { starttls: ['454 4.7.0 not now', 'default'] } });
    expect(await visit(peerOf('may'))).toBe('clear');
    ahead = HOUR - MINUTE;
    expect(await visit(peerOf('may'))).toBe('clear');
    expect(startTlsCommands()).toBe(1);
    ahead = HOUR + MINUTE;
    expect(await visit(peerOf('may'))).toBe('verified');
  });

  it.each(['encrypt', 'verify', 'dane'] as const)('is refused at level %s, whatever is remembered of it', async (level) => {
    await start({ tls, script: { starttls: '454 4.7.0 not now' } });
    expect(await visit(peerOf('may'))).toBe('clear');
    expect(await visit(peerOf(level))).toMatch(/^refused: /);
    expect(mx.messages).toEqual([]);
  });
});

describe('a TLS session', () => {
  it.each(['may', 'encrypt', 'verify'] as const)('is resumed at level %s, and the certificate is as good as it was', async (level) => {
    await start({ tls });
    expect(await visit(peerOf(level))).toBe('verified');
    expect(await visit(peerOf(level))).toBe('verified, resumed');
  });

  it('is resumed for a day, however often, and then the certificate must be shown again', async () => {
    await start({ tls });
    expect(await visit(peerOf('verify'))).toBe('verified');
    for (const hours of [6, 12, 18]) {
      ahead = hours * HOUR;
      expect(await visit(peerOf('verify'))).toBe('verified, resumed');
    }
    ahead = 25 * HOUR;
    expect(await visit(peerOf('verify'))).toBe('verified');
  });

  it('of a certificate that proved nothing proves nothing', async () => {
    const { cert, key } = issue({ name: 'mx.other.test', issuer: ca });
    await start({ tls: { cert, key } });
    expect(await visit(peerOf('may'))).toBe('encrypted');
    expect(await visit(peerOf('may'))).toBe('encrypted, resumed');
    expect(await visit(peerOf('verify'))).toMatch(/^refused: /);
  });

  it('is told in the conversation, with protocol, cipher and what became of the certificate', async () => {
    await start({ tls: { ...tls, minVersion: 'TLSv1.3' } });
    const told = async (peer: PeerAddress) => {
      const session = await pool.open(peer, 10_000);
      session.abort('done');
      return /^\* (encrypted .*)$/m.exec(session.transcript())?.[1];
    };
    expect(await told(peerOf('may'))).toBe('encrypted with TLSv1.3 (TLS_AES_256_GCM_SHA384), certificate verified');
    expect(await told(peerOf('may'))).toBe('encrypted again with TLSv1.3 (TLS_AES_256_GCM_SHA384), certificate verified');
    const tlsa: TlsaRecord[] = [{ usage: 3, selector: 1, matchingType: 0, certificate: good.spki }];
    expect(await told(peerOf('dane', { tls: decision('dane', { tlsa }) }))).toMatch(/, certificate matches its TLSA records$/);
  });

  it('that the peer chokes on is given up, and TLS is not', async () => {
    await start({ tls, script: { handshake: ['default', 'close', 'default'] } });
    expect(await visit(peerOf('may'))).toBe('verified');
    expect(await visit(peerOf('may'))).toBe('verified');
    expect(mx.sessions.map(({ tls: encrypted }) => encrypted)).toEqual([true, false, true]);
  });

  it('is not resumed where DANE wants to see the certificate', async () => {
    await start({ tls });
    const tlsa: TlsaRecord[] = [{ usage: 3, selector: 1, matchingType: 0, certificate: good.spki }];
    const peer = peerOf('dane', { tls: decision('dane', { tlsa }) });
    expect(await visit(peer)).toBe('verified');
    expect(await visit(peer)).toBe('verified');
  });
});

describe('a connection that is kept', () => {
  const record = (usage: number, byte: number): TlsaRecord => ({
    usage,
    selector: 1,
    matchingType: 1,
    certificate: Buffer.alloc(32, byte),
  });
  const different: [string, Partial<PeerAddress>][] = [
    ['a higher level', { tls: decision('verify') }],
    ['another name', { tls: decision('may', { servername: 'alias.dst.test' }) }],
    ['a policy', { policy: 'dst.test' }],
    ['no TLS', { tls: decision('none') }],
  ];

  it.each(different)('serves no mail that wants %s', async (_what, fields) => {
    await start({ tls });
    pool.release(await pool.open(peerOf('may'), 10_000), 100);
    expect(pool.reuse(peerOf('may', fields))).toBeUndefined();
    expect(pool.reuse(peerOf('may'))).toBeDefined();
  });

  it('for one policy serves no other', async () => {
    await start({ tls });
    pool.release(await pool.open(peerOf('verify', { policy: 'a.test' }), 10_000), 100);
    expect(pool.reuse(peerOf('verify', { policy: 'b.test' }))).toBeUndefined();
    expect(pool.reuse(peerOf('verify'))).toBeUndefined();
    expect(pool.reuse(peerOf('verify', { policy: 'a.test' }))).toBeDefined();
  });

  it('is told apart by its TLSA records, in any order, and by names where they matter', () => {
    const key = (tlsa: TlsaRecord[], verifyNames: string[]) => tlsKeyOf(decision('dane', { tlsa, verifyNames }));
    expect(key([record(3, 1), record(3, 2)], ['a.test'])).toBe(key([record(3, 2), record(3, 1)], ['b.test']));
    expect(key([record(3, 1)], [])).not.toBe(key([record(3, 2)], []));
    expect(key([record(2, 1)], ['a.test'])).not.toBe(key([record(2, 1)], ['b.test']));
  });
});
