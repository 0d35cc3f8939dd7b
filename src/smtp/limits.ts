/** How much one client may ask of the SMTP server before it is told to go away. Every limit is absolute: trickling bytes extends none of them. */
import { HOUR, MINUTE, SECOND } from '#core';

export interface SmtpLimits {
  /** Largest message, bytes (RFC 1870): announced as SIZE, checked at MAIL and while the message streams in. */
  messageBytes: number;
  /** Recipients of one message; the next one is answered 452 4.5.3. */
  recipients: number;
  /** Open connections, all listeners together; may change while we run. */
  connections: number;
  /** Open connections of one client (an IPv4 address or an IPv6 /64 network). Trusted networks are not held to it. */
  connectionsPerSource: number;
  /** A TLS handshake is over within this, ms. */
  handshakeMs: number;
  /** A command line is complete within this after the reply before it, ms (RFC 5321 4.5.3.2.7 asks for 5 minutes). */
  commandMs: number;
  /** The final dot comes within this after the 354, ms. */
  messageMs: number;
  /** A session ends after this, ms, unless a message is just coming in. */
  sessionMs: number;
  /** Commands answered 5xx since the last accepted message, after which the session ends with 421. */
  errors: number;
  /** Commands that bring no mail nearer (NOOP, RSET, EHLO, …) since the last accepted message, after which the session ends with 421. */
  idleCommands: number;
  /** Failed AUTH commands after which the session ends with 421. */
  authFailures: number;
  /** A failed AUTH is answered this much later, ms. */
  authDelayMs: number;
  /** At MAIL a login is looked up again when the last look is older than this, ms: a removed credential sends nothing after it. */
  loginRecheckMs: number;
  /** Failed AUTH commands for one login, or from one client, within `authWindowMs`, after which further ones are answered 454 for `authBrakeMs`. */
  authFailuresPerLogin: number;
  authFailuresPerSource: number;
  authWindowMs: number;
  authBrakeMs: number;
  /** Strangers wait this long for the greeting, ms; who talks before it is refused. Loopback and trusted networks do not wait. */
  greetingDelayMs: number;
}

export const defaultSmtpLimits: SmtpLimits = {
  messageBytes: 25 * 1024 * 1024,
  recipients: 1000,
  connections: 2000,
  connectionsPerSource: 100,
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
  /** When the last reply was written: since then the client owes a command. */
  repliedAt: number;
  /** When 354 was given, while the message is coming in. */
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
