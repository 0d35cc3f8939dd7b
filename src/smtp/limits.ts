/**
 * How much one client may ask of the SMTP server before its session is ended. Every limit is absolute: bytes that trickle in extend none of them.
 */
import { HOUR, MINUTE, SECOND } from '#core';

export interface SmtpLimits {
  /** Largest message, bytes (RFC 1870): announced as SIZE, checked at MAIL and while the message streams in. */
  messageBytes: number;
  /** Recipients of one message; the next one is answered 452 4.5.3. */
  recipients: number;
  /** Open connections, all listeners together; may change while we run. */
  connections: number;
  /** Open connections of one client (an IPv4 address or an IPv6 /64 network). Trusted networks are not held to it. */
  connectionsPerClient: number;
  /** A TLS handshake may take this long, ms. */
  handshakeMs: number;
  /** How soon after a reply the next command line must be complete, ms (RFC 5321 4.5.3.2.7 asks for 5 minutes). */
  commandMs: number;
  /** How soon after the 354 the final dot must come, ms. */
  messageMs: number;
  /** A session is ended after this time, ms, unless a message is just coming in. */
  sessionMs: number;
  /** How many commands may be answered 5xx since the last accepted message. The next one ends the session with 421. */
  errors: number;
  /**
   * How many commands that are no step towards a message (NOOP, RSET, EHLO, …) may come since the last accepted message. The next one ends the
   * session with 421.
   */
  idleCommands: number;
  /** How many failed AUTH commands one session may have. The last of them ends the session with 421. */
  authFailures: number;
  /** The answer to a failed AUTH is delayed by this time, ms. */
  authDelayMs: number;
  /** MAIL looks the login up again if the last look-up is older than this, ms. So a removed credential can still send for this time at most. */
  loginRecheckMs: number;
  /**
   * The failure brake: after this many failed AUTH commands for one login, or from one client, within `authWindowMs`, further ones are answered 454
   * for `authBrakeMs`.
   */
  authFailuresPerLogin: number;
  authFailuresPerSource: number;
  authWindowMs: number;
  authBrakeMs: number;
  /**
   * Strangers wait this long for the greeting, ms. A client that talks before the greeting is refused. Loopback and trusted networks do not wait.
   */
  greetingDelayMs: number;
}

export const defaultSmtpLimits: SmtpLimits = {
  messageBytes: 25 * 1024 * 1024,
  recipients: 1000,
  connections: 2000,
  connectionsPerClient: 100,
  handshakeMs: 30 * SECOND,
  commandMs: 5 * MINUTE,
  messageMs: 15 * MINUTE,
  sessionMs: HOUR,
  errors: 20,
  idleCommands: 100,
  authFailures: 3,
  authDelayMs: SECOND,
  loginRecheckMs: SECOND,
  authFailuresPerLogin: 10,
  authFailuresPerSource: 30,
  authWindowMs: 10 * MINUTE,
  authBrakeMs: 5 * MINUTE,
  greetingDelayMs: 100,
};

/** All times are ms of the monotonic clock. */
export interface SessionTimes {
  startedAt: number;
  /** When the last reply was written. Since then we wait for a command. */
  repliedAt: number;
  /** When the 354 was given; set while the message is coming in. */
  receivingSince: number | undefined;
  /** We owe the client an answer. */
  working: boolean;
  /** The TLS handshake after STARTTLS is under way. */
  upgrading: boolean;
}

/** Which deadline a session has passed, if any. A sweeper asks for every session a few times a second at most. */
export function overdue(times: SessionTimes, limits: SmtpLimits, now: number): 'handshake' | 'message' | 'command' | 'session' | undefined {
  if (times.upgrading) return now - times.repliedAt > limits.handshakeMs ? 'handshake' : undefined;
  if (times.receivingSince !== undefined) return now - times.receivingSince > limits.messageMs ? 'message' : undefined;
  if (times.working) return undefined;
  if (now - times.repliedAt > limits.commandMs) return 'command';
  return now - times.startedAt > limits.sessionMs ? 'session' : undefined;
}
