/**
 * Keeps TLS sessions of outbound connections, so that the next one to the same peer is resumed with one round trip less and no certificate
 * work. Bounded in number; the session used longest ago is forgotten first. Bounded in time: nobody looks at a certificate again as long as sessions
 * that came of it are resumed.
 */
import type { TLSSocket } from 'node:tls';
import { type Clock, DAY } from '#core';
import type { TlsLevel } from './client-tls.js';

/** A session is never used for anything but what it was made for: Node checks no host name on a resumed one. */
export interface TlsSessionKey {
  /** Address the connection is bound to, `''` for any. */
  source: string;
  mxHost: string;
  ip: string;
  port: number;
  level: TlsLevel;
}

export interface KeptTlsSession {
  /** For the `session` option of `tls.connect`. */
  session: Buffer;
  /** As it was when the session was made; `authorized` of a resumed connection does not mean the name. */
  certificateVerified: boolean;
  /** When the certificate was last shown, monotonic ms. */
  handshakeAt: number;
}

export interface TlsSessions {
  /** Undefined for level `dane`, whose certificates are compared with the records of the day each time. */
  find(key: TlsSessionKey): KeptTlsSession | undefined;
  /**
   * Call once, when a connection has passed every check of its level: remembers its session now and each ticket that comes later.
   * `certificateVerified`: of a full handshake `socket.authorized`, of a resumed one what `find` gave.
   */
  keep(key: TlsSessionKey, socket: TLSSocket, certificateVerified: boolean): void;
  /** After a handshake that failed with it. */
  forget(key: TlsSessionKey): void;
  size(): number;
}

/** A session holds the peer's certificate and its ticket, 2 to 4 kB as a rule; a peer must not fill our memory with them. */
const MAX_SESSION_BYTES = 8192;
/** After this the peer must show its certificate again: it may have expired. */
const LIFETIME_MS = DAY;

export function makeTlsSessions({ clock, maxSessions = 10_000 }: { clock: Clock; maxSessions?: number }): TlsSessions {
  const sessions = new Map<string, KeptTlsSession>();

  function remember(key: string, kept: KeptTlsSession): void {
    if (kept.session.length > MAX_SESSION_BYTES) return;
    sessions.delete(key);
    sessions.set(key, kept);
    for (const oldest of sessions.keys()) {
      if (sessions.size <= maxSessions) break;
      sessions.delete(oldest);
    }
  }

  function recall(key: string): KeptTlsSession | undefined {
    const kept = sessions.get(key);
    if (kept === undefined) return undefined;
    if (clock.monotonic() - kept.handshakeAt < LIFETIME_MS) remember(key, kept);
    else sessions.delete(key);
    return sessions.get(key);
  }

  return {
    find: (key) => (key.level === 'dane' ? undefined : recall(textOf(key))),
    keep(key, socket, certificateVerified) {
      if (key.level === 'dane') return;
      const text = textOf(key);
      const known = socket.isSessionReused() ? sessions.get(text)?.handshakeAt : undefined;
      const handshakeAt = known ?? clock.monotonic();
      const session = socket.getSession();
      // TLS 1.3 sends tickets after the handshake, and a session without one cannot be resumed.
      const isWhole = socket.getProtocol() !== 'TLSv1.3' || socket.getTLSTicket() !== undefined;
      if (session !== undefined && isWhole) remember(text, { session, certificateVerified, handshakeAt });
      socket.on('session', (ticket: Buffer) => remember(text, { session: ticket, certificateVerified, handshakeAt }));
    },
    forget: (key) => void sessions.delete(textOf(key)),
    size: () => sessions.size,
  };
}

const textOf = ({ source, mxHost, ip, port, level }: TlsSessionKey): string => [source, mxHost, ip, port, level].join(' ');
