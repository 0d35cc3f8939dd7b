/**
 * Opens connections and keeps the good ones for the next message to the same peer. There are limits on the messages of a connection, on the time that
 * it stays unused, and on the number of unused ones. Here, too, opportunistic TLS falls back to clear text, and a host with broken TLS is remembered.
 */
import { setMaxListeners } from 'node:events';
import { type Clock, DAY, HOUR, MINUTE, makeExpiringSet } from '#core';
import { makeClientTls, makeTlsSessions, type TlsDecision } from '#net';
import { checkClientLibrary } from './client-adapter.js';
import type { ClientSession, SmtpPeer } from './client-session.js';
import { openClientSession } from './open-client-session.js';
import { makePreparePeerTls, tlsKeyOf } from './peer-tls.js';
import { SmtpFailure } from './smtp-failure.js';
import type { DeliveryTimeouts } from './timeouts.js';

export interface PeerAddress {
  name: string;
  ip: string;
  port: number;
  /** Address of ours to connect from; undefined: any. Connections of one source carry no mail of another. */
  localAddress: string | undefined;
  /** Name we greet with. */
  ehlo: string;
  tls: TlsDecision;
  /** Domain whose enforced MTA-STS policy demands that; `''` when there is none. Connections made for one policy serve no other. */
  policy: string;
  implicitTls: boolean;
  login?: string;
  password?: string;
}

export interface ConnectionPool {
  /** An open, unused connection to the peer, the one used last. */
  reuse(peer: PeerAddress): ClientSession | undefined;
  /** A new connection, ready for MAIL. Rejects with SmtpFailure. */
  open(peer: PeerAddress, leftMs: number): Promise<ClientSession>;
  /** It could not be connected to a short while ago. */
  isDown(peer: PeerAddress): boolean;
  /** The message is over: keeps the session for another, or ends it when it carried `maxMessages`. */
  release(session: ClientSession, maxMessages: number): void;
  /** Ends unused connections, and those in use that have not begun to send a message; keeps nothing from now on. */
  drain(): void;
  /** Cuts every connection. */
  abortAll(): void;
  stats(): { open: number; idle: number };
}

/** A host whose TLS is broken is not asked for it again for this long, ms. */
const BROKEN_TLS_MS = 3 * DAY;
/** A host that says it cannot do TLS for now, or that was too slow, is not asked for it again for this long, ms. */
const TLS_NOT_NOW_MS = HOUR;
const MAX_BROKEN_TLS = 10_000;
/** A host that could not be connected to is tried last for this long, ms. */
const DOWN_MS = 2 * MINUTE;
/** A host that let us wait in vain is tried last for longer, ms, because each try costs the whole wait. */
const SILENT_MS = 15 * MINUTE;
const MAX_HOSTS_REMEMBERED = 1000;

export interface PoolDeps {
  clock: Clock;
  timeouts: DeliveryTimeouts;
  maxIdle: number;
  /** PEM certificates trusted beside the public authorities. */
  extraCa: readonly string[];
  /** Word in our own greeting, by which this server recognises itself. */
  ownWord?: string | undefined;
}

/** Throws when the installed nodemailer is another than the one this is made for. */
export function makeConnectionPool({ clock, timeouts, maxIdle, extraCa, ownWord }: PoolDeps): ConnectionPool {
  checkClientLibrary();
  const keys = new Map<ClientSession, string>();
  /** Per peer, the one used last at the end. */
  const idle = new Map<string, ClientSession[]>();
  /** In the order in which they became idle. */
  const idleSince = new Map<ClientSession, number>();
  const brokenTls = makeExpiringSet({ clock, lifetimeMs: BROKEN_TLS_MS, maxSize: MAX_BROKEN_TLS });
  const down = makeExpiringSet({ clock, lifetimeMs: DOWN_MS, maxSize: MAX_HOSTS_REMEMBERED });
  const preparePeerTls = makePreparePeerTls({ clientTls: makeClientTls({ ca: extraCa }), sessions: makeTlsSessions({ clock }), clock });
  let sweepTimer: NodeJS.Timeout | undefined;
  const stopping = new AbortController();
  // One listener per connection being set up.
  setMaxListeners(0, stopping.signal);

  function unidle(session: ClientSession): void {
    if (!idleSince.delete(session)) return;
    const key = keys.get(session) ?? '';
    const left = (idle.get(key) ?? []).filter((other) => other !== session);
    if (left.length > 0) idle.set(key, left);
    else idle.delete(key);
  }

  function endIdle(session: ClientSession): void {
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

  async function connect(peer: PeerAddress, security: SmtpPeer['security'], leftMs: number): Promise<ClientSession> {
    const began = clock.monotonic();
    const { name, ip, port, localAddress, ehlo, login, password } = peer;
    const dial = async (resume: boolean): Promise<ClientSession> => {
      const tls = security === 'clear' ? undefined : preparePeerTls({ tls: peer.tls, ip, port, source: localAddress ?? '' }, resume);
      try {
        const left = Math.max(1, leftMs - (clock.monotonic() - began));
        const options = { timeouts, clock, leftMs: left, signal: stopping.signal };
        return await openClientSession({ name, ip, port, localAddress, ehlo, ownWord, security, tls, login, password }, options);
      } catch (error) {
        if (tls?.isResuming !== true || !isBrokenTls(error)) throw error;
        // It may be the old session that the peer chokes on.
        tls.forget();
        return dial(false);
      }
    };
    const session = await dial(true);
    keys.set(session, keyOf(peer));
    session.onClose(() => {
      unidle(session);
      keys.delete(session);
    });
    return session;
  }

  /** Opportunistic: once with TLS, and in clear when that is what fails. */
  async function openWithFallback(peer: PeerAddress, leftMs: number): Promise<ClientSession> {
    const host = hostOf(peer);
    if (brokenTls.has(host)) return connect(peer, 'clear', leftMs);
    const began = clock.monotonic();
    try {
      return await connect(peer, 'offered', leftMs);
    } catch (error) {
      if (!(error instanceof SmtpFailure) || error.stage !== 'tls' || stopping.signal.aborted) throw error;
      brokenTls.add(host, isBrokenTls(error) ? BROKEN_TLS_MS : TLS_NOT_NOW_MS);
      return connect(peer, 'clear', Math.max(1, leftMs - (clock.monotonic() - began)));
    }
  }

  function openAs(peer: PeerAddress, leftMs: number): Promise<ClientSession> {
    const { level } = peer.tls;
    if (peer.implicitTls) return connect(peer, 'implicit', leftMs);
    if (level === 'none') return connect(peer, 'clear', leftMs);
    return level === 'may' ? openWithFallback(peer, leftMs) : connect(peer, 'required', leftMs);
  }

  return {
    reuse(peer) {
      const session = idle.get(keyOf(peer))?.at(-1);
      if (session === undefined) return undefined;
      unidle(session);
      return session;
    },

    async open(peer, leftMs) {
      try {
        const session = await openAs(peer, leftMs);
        down.delete(hostOf(peer));
        return session;
      } catch (error) {
        if (error instanceof SmtpFailure && error.stage === 'connect' && error.kind !== 'aborted') {
          down.add(hostOf(peer), error.kind === 'timeout' ? SILENT_MS : DOWN_MS);
        }
        throw error;
      }
    },

    isDown: (peer) => down.has(hostOf(peer)),

    release(session, maxMessages) {
      if (!session.isUsable) return;
      if (stopping.signal.aborted || session.messages >= maxMessages) return session.quit();
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

const hostOf = ({ name, ip, port, localAddress = '' }: PeerAddress) => `${name} ${ip} ${port} ${localAddress}`;
const keyOf = ({ name, ip, port, localAddress, ehlo, tls, policy, implicitTls, login }: PeerAddress) =>
  [name, ip, port, localAddress ?? '', ehlo, tlsKeyOf(tls), policy, implicitTls, login ?? ''].join(' ');

/** The handshake itself failed: neither a reply, which may be another one tomorrow, nor a deadline. */
const isBrokenTls = (error: unknown): boolean => error instanceof SmtpFailure && error.stage === 'tls' && error.kind === 'lost';
