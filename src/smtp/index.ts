/**
 * Bytes in over SMTP: submission with AUTH over TLS, and from trusted networks. Takes listeners, a certificate, the directory and the intake.
 *
 * - 250 after the final dot means that intake has the message durably; every other end of a transfer leaves nothing behind.
 * - Nobody relays without a login or a trusted network; mail for hosted domains is answered 450 4.2.1 until receiving is built.
 * - A refusal of intake is passed on with its codes, a full store is 452 4.3.1, an unknown failure is 451 4.3.0 and goes to the log.
 * - Every wait for a client has an absolute deadline, every count a limit (`SmtpLimits`); the answer to passing one is 421.
 */
export { defaultSmtpLimits, type SmtpLimits } from './limits.js';
export { makeSmtpServer, type SmtpAddress, type SmtpServer, type SmtpServerDeps } from './make-smtp-server.js';
export { addSmtpMetrics, countSmtp } from './metrics.js';
export type { SmtpObserver } from './server-context.js';
export type { TlsPair } from './smtp-listener.js';
