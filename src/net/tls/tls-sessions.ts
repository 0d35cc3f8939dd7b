/**
 * Keeps TLS sessions of outbound connections. The next connection to the same peer resumes the session, which saves one round trip and checking the
 * certificate. Sessions are bounded in number: the one used longest ago is forgotten first. They are also bounded in time, because the certificate
 * is not checked again while sessions that began with it are resumed.
 */
import type { TLSSocket } from 'node:tls';
import { type Clock, DAY } from '#core';
import type { TlsLevel } from './client-tls.js';

/** What a session was made for. It is used for nothing else, because Node does not check the host name on a resumed session. */
export interface TlsSessionKey {
  /** Address that the connection is bound to, `''` for any. */
  source: string;
  mxHost: string;
  ip: string;
  port: number;
  level: TlsLevel;
}

export interface KeptTlsSession {
  /** For the `session` option of `tls.connect`. */
  session: Buffer;
  /** The value from when the session was made, because `authorized` of a resumed connection does not include the name. */
  certificateVerified: boolean;
  /** When the peer last showed its certificate, ms of the monotonic clock. */
  handshakeAt: number;
}

export interface TlsSessions {
  /** Undefined for level `dane`: its certificates are compared with the current records on every connection. */
  find(key: TlsSessionKey): KeptTlsSession | undefined;
  /**
   * Call it once, when a connection has passed every check of its level. Remembers its session now, and each ticket that comes later.
   * `certificateVerified` is `socket.authorized` after a full handshake, or the value from `find` after a resumed one.
   */
  keep(key: TlsSessionKey, socket: TLSSocket, certificateVerified: boolean): void;
  /** Call it if a handshake with this session failed. */
  forget(key: TlsSessionKey): void;
  size(): number;
}

/** A session holds the peer's certificate and its ticket, usually 2 to 4 kB. A peer must not fill our memory with larger ones. */
const MAX_SESSION_BYTES = 8192;
/** After this time the peer must show its certificate again, because it may have expired. */
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
      // TLS 1.3 sends tickets after the handshake. A session without a ticket cannot be resumed.
      const isWhole = socket.getProtocol() !== 'TLSv1.3' || socket.getTLSTicket() !== undefined;
      if (session !== undefined && isWhole) remember(text, { session, certificateVerified, handshakeAt });
      socket.on('session', (ticket: Buffer) => remember(text, { session: ticket, certificateVerified, handshakeAt }));
    },
    forget: (key) => void sessions.delete(textOf(key)),
    size: () => sessions.size,
  };
}

const textOf = ({ source, mxHost, ip, port, level }: TlsSessionKey): string => [source, mxHost, ip, port, level].join(' ');
