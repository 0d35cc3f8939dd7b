/**
 * Speaks SMTP to one peer, as a client: connects, upgrades to the TLS that is asked for, logs in, sends messages, and keeps connections for the next
 * message. Over nodemailer's client.
 *
 * - Every wait has an absolute deadline. What goes wrong is an SmtpFailure, which names the stage and holds the reply, if there was one.
 * - After anything unclear (a reply out of turn, a cut connection) a session is never used again.
 * - TLS is what the caller demands or better; a certificate that is not good enough is a failure of the stage `tls`, before anything is said.
 */

export type { ClientSession } from './client-session.js';
export { type ConnectionPool, makeConnectionPool, type PeerAddress } from './connection-pool.js';
export { ReadyMessage } from './ready-message.js';
export { SmtpFailure } from './smtp-failure.js';
export { DEFAULT_TIMEOUTS, type DeliveryTimeouts } from './timeouts.js';
export { WireSource } from './wire-source.js';
