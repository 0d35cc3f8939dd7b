/**
 * Opens connections and keeps the good ones for the next message to the same peer: at most so many messages each, at most so long unused, at most
 * so many unused in all. Also where opportunistic TLS falls back to clear text, and where a host whose TLS is broken is remembered.
 */
import { setMaxListeners } from 'node:events';
import type { Clock } from '#core';
import { clientTlsOptions } from '#net';
import type { TlsRequirement } from './decide-tls.js';
import { openSmtpSession, type SmtpPeer, type SmtpSession } from './smtp-client.js';
import { SmtpFailure } from './smtp-failure.js';
import type { DeliveryTimeouts } from './timeouts.js';

export interface PeerAddress {
  name: string;
  ip: string;
  port: number;
  tls: TlsRequirement;
  implicitTls: boolean;
  login?: string;
  password?: string;
}

export interface ConnectionPool {
  /** An open, unused connection to the peer, the one used last. */
  reuse(peer: PeerAddress): SmtpSession | undefined;
  /** A new connection, ready for MAIL. Rejects with SmtpFailure. */
  open(peer: PeerAddress, leftMs: number): Promise<SmtpSession>;
  /** The message is over: keeps the session for another, or ends it. */
  release(session: SmtpSession): void;
  /** Ends unused connections, and those in use that have not begun to send a message; keeps nothing from now on. */
  drain(): void;
  /** Cuts every connection. */
  abortAll(): void;
  stats(): { open: number; idle: number };
}

const MAX_MESSAGES = 100;
/** A host that could not do TLS is not asked again for this long, ms. */
const BROKEN_TLS_MS = 60 * 60 * 1000;
const MAX_BROKEN_HOSTS = 1000;

export interface PoolDeps {
  clock: Clock;
  hostname: string;
  timeouts: DeliveryTimeouts;
  maxIdle: number;
  /** PEM certificates trusted beside the public authorities. */
  extraCa: readonly string[];
}

export function makeConnectionPool({ clock, hostname, timeouts, maxIdle, extraCa }: PoolDeps): ConnectionPool {
  const keys = new Map<SmtpSession, string>();
  /** Per peer, the one used last at the end. */
  const idle = new Map<string, SmtpSession[]>();
  /** In the order in which they became idle. */
  const idleSince = new Map<SmtpSession, number>();
  const brokenTls = new Map<string, number>();
  let sweepTimer: NodeJS.Timeout | undefined;
  const stopping = new AbortController();
  // One listener per connection being set up.
  setMaxListeners(0, stopping.signal);

  function unidle(session: SmtpSession): void {
    if (!idleSince.delete(session)) return;
    const key = keys.get(session) ?? '';
    const left = (idle.get(key) ?? []).filter((other) => other !== session);
    if (left.length > 0) idle.set(key, left);
    else idle.delete(key);
  }

  function endIdle(session: SmtpSession): void {
    unidle(session);
    session.quit();
  }

  function sweep(): void {
    sweepTimer = undefined;
    const oldest = clock.monotonic() - timeouts.idle;
    for (const [session, since] of idleSince) {
      if (since > oldest) break;
      endIdle(session);
    }
    armSweep();
  }

  function armSweep(): void {
    if (sweepTimer !== undefined || idleSince.size === 0) return;
    sweepTimer = setTimeout(sweep, Math.max(10, timeouts.idle / 4));
    sweepTimer.unref();
  }

  async function connect(peer: PeerAddress, security: SmtpPeer['security'], leftMs: number): Promise<SmtpSession> {
    const level = peer.tls === 'none' ? 'may' : peer.tls;
    const { name, ip, port, login, password } = peer;
    const session = await openSmtpSession(
      { name, ip, port, security, login, password, tlsOptions: clientTlsOptions(level, name, { ca: extraCa }) },
      { hostname, timeouts, clock, leftMs, signal: stopping.signal },
    );
    keys.set(session, keyOf(peer));
    session.onClose(() => {
      unidle(session);
      keys.delete(session);
    });
    return session;
  }

  function hasBrokenTls(host: string): boolean {
    const until = brokenTls.get(host);
    if (until !== undefined && until <= clock.monotonic()) brokenTls.delete(host);
    return brokenTls.has(host);
  }

  function rememberBrokenTls(host: string): void {
    brokenTls.set(host, clock.monotonic() + BROKEN_TLS_MS);
    for (const oldest of brokenTls.keys()) {
      if (brokenTls.size <= MAX_BROKEN_HOSTS) break;
      brokenTls.delete(oldest);
    }
  }

  return {
    reuse(peer) {
      const session = idle.get(keyOf(peer))?.at(-1);
      if (session === undefined) return undefined;
      unidle(session);
      return session;
    },

    async open(peer, leftMs) {
      if (peer.implicitTls) return connect(peer, 'implicit', leftMs);
      if (peer.tls === 'none') return connect(peer, 'clear', leftMs);
      if (peer.tls !== 'may') return connect(peer, 'required', leftMs);
      const host = `${peer.name} ${peer.ip} ${peer.port}`;
      if (hasBrokenTls(host)) return connect(peer, 'clear', leftMs);
      const began = clock.monotonic();
      try {
        return await connect(peer, 'offered', leftMs);
      } catch (error) {
        if (!(error instanceof SmtpFailure) || error.stage !== 'tls' || stopping.signal.aborted) throw error;
        rememberBrokenTls(host);
        return connect(peer, 'clear', Math.max(1, leftMs - (clock.monotonic() - began)));
      }
    },

    release(session) {
      if (!session.isUsable) return;
      if (stopping.signal.aborted || session.messages >= MAX_MESSAGES) return session.quit();
      const key = keys.get(session) ?? '';
      const others = idle.get(key);
      if (others) others.push(session);
      else idle.set(key, [session]);
      idleSince.set(session, clock.monotonic());
      for (const oldest of idleSince.keys()) {
        if (idleSince.size <= maxIdle) break;
        endIdle(oldest);
      }
      armSweep();
    },

    drain() {
      stopping.abort();
      for (const session of [...idleSince.keys()]) endIdle(session);
      for (const session of [...keys.keys()]) {
        if (session.isUsable && !session.isSending) session.abort('stopping');
      }
    },

    abortAll() {
      stopping.abort();
      for (const session of [...keys.keys()]) session.abort('stopping');
    },

    stats: () => ({ open: keys.size, idle: idleSince.size }),
  };
}

const keyOf = ({ name, ip, port, tls, implicitTls, login }: PeerAddress) => [name, ip, port, tls, implicitTls, login ?? ''].join(' ');
