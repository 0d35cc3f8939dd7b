/** Numbers about requests to customers' servers. */
import type { Registry } from '#metrics';
import type { CallQueue } from './call-queue.js';

export function addWebhookMetrics(registry: Registry, calls: Pick<CallQueue, 'stats'>): void {
  const attempts = registry.counters({
    name: 'mailwagon_webhook_calls_total',
    help: 'HTTP requests to the servers of customers, by what became of them.',
    labels: ['result'],
  });
  const origins = registry.gauge({ name: 'mailwagon_webhook_origins', help: 'Servers of customers for which something waits.' });
  registry.collect('webhooks', [attempts, origins], () => {
    const { origins: count, ...results } = calls.stats();
    attempts.replace(Object.entries(results).map(([result, value]) => ({ labels: [result], value })));
    origins.set(count);
  });
}
