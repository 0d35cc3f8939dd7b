/** Numbers about the SMTP listeners. */
import type { Registry } from '#metrics';
import type { SmtpServer } from './make-smtp-server.js';
import type { SmtpObserver } from './server-context.js';

/** An observer that counts. */
export function countSmtp(registry: Registry): SmtpObserver {
  const connections = registry.counters({
    name: 'mailwagon_smtp_connections_total',
    help: 'Connections to the SMTP listeners, by what became of them.',
    labels: ['result'],
  });
  const logins = registry.counters({ name: 'mailwagon_smtp_logins_total', help: 'AUTH attempts, by result.', labels: ['result'] });
  return { connection: (result) => connections.with(result).add(), login: (result) => logins.with(result).add() };
}

export function addSmtpMetrics(registry: Registry, server: Pick<SmtpServer, 'connections'>): void {
  const sessions = registry.gauge({ name: 'mailwagon_smtp_connections', help: 'Connections to the SMTP listeners that are open.' });
  registry.collect('smtp', [sessions], () => sessions.set(server.connections()));
}
