/** Numbers about mail that waits. Names that strangers choose appear for the largest few only. */
import { type Clock, SECOND } from '#core';
import type { OutboxPump } from '#events';
import type { Registry } from '#metrics';
import type { QueueStatistics, SpoolStore } from '#store';
import type { Queue } from './queue.js';

const TOP_DESTINATIONS = 20;
const TOP_SITES = 20;
/** Destinations whose sites are counted; the others are too small to make a site large. */
const SITED_DESTINATIONS = 2000;
const COUNT_EVERY_MS = 15 * SECOND;
/** Counting may take this share of the reader thread's time. */
const COUNT_SHARE = 1 / 50;

export interface QueueMetricsDeps {
  registry: Registry;
  spool: Pick<SpoolStore, 'queueStatistics'>;
  queue: Pick<Queue, 'siteOf'>;
  /** The count also says how far the readers of the outbox are behind. */
  pump: Pick<OutboxPump, 'positions'>;
  clock: Clock;
}

export function addQueueMetrics({ registry, spool, queue, pump, clock }: QueueMetricsDeps): void {
  const deliveries = registry.gauge({ name: 'mailwagon_queue_deliveries', help: 'Open deliveries.' });
  const destinations = registry.gauge({ name: 'mailwagon_queue_destinations', help: 'Destinations with open deliveries.' });
  const byDestination = registry.gauge({
    name: 'mailwagon_queue_destination_deliveries',
    help: `Open deliveries of the ${TOP_DESTINATIONS} destinations that have most, and of all others together.`,
    labels: ['destination'],
  });
  const bySite = registry.gauge({
    name: 'mailwagon_queue_site_deliveries',
    help: `Open deliveries by the mail servers they go to: the ${TOP_SITES} sites that have most, those whose site is unknown, and all others together.`,
    labels: ['site'],
  });
  const oldest = registry.gauge({
    name: 'mailwagon_queue_overdue_seconds',
    help: 'How long the delivery that is due longest has been due.',
  });
  const behind = registry.gauge({
    name: 'mailwagon_outbox_behind_rows',
    help: 'Committed events that a reader of the outbox does not have yet.',
    labels: ['reader'],
  });
  const statistics = makeStatistics(spool, clock);
  registry.collect('queue', [deliveries, destinations, byDestination, bySite, oldest, behind], async () => {
    const { deliveries: total, destinations: names, oldestDue, top, lastOutbox } = await statistics();
    deliveries.set(total);
    destinations.set(names);
    byDestination.replace(largest(new Map(top.map((one) => [one.destination, one.deliveries])), TOP_DESTINATIONS, total));
    const sites = new Map<string, number>();
    for (const { destination, deliveries: count } of top) {
      // A destination that nothing was due for since the start has no site yet.
      const site = queue.siteOf(destination) ?? 'unknown';
      sites.set(site, (sites.get(site) ?? 0) + count);
    }
    bySite.replace(largest(sites, TOP_SITES, total));
    oldest.set(oldestDue === undefined ? 0 : Math.max(0, clock.now() - oldestDue) / SECOND);
    behind.replace(pump.positions().map(({ reader, position }) => ({ labels: [reader], value: Math.max(0, lastOutbox - position) })));
  });
}

/** The names with most, and `other` for what is left of the total. */
function largest(counts: ReadonlyMap<string, number>, limit: number, total: number) {
  const most = [...counts].sort(([, one], [, other]) => other - one).slice(0, limit);
  const shown = most.map(([name, value]) => ({ labels: [name], value }));
  return [...shown, { labels: ['other'], value: total - shown.reduce((sum, { value }) => sum + value, 0) }];
}

/** Counting a long queue takes a while, so a count is reused for a time that grows with how long it took. */
function makeStatistics(spool: Pick<SpoolStore, 'queueStatistics'>, clock: Clock): () => Promise<QueueStatistics> {
  let counted: QueueStatistics | undefined;
  let goodUntil = 0;
  return async () => {
    const began = clock.monotonic();
    if (counted !== undefined && began < goodUntil) return counted;
    counted = await spool.queueStatistics(SITED_DESTINATIONS);
    const ended = clock.monotonic();
    goodUntil = ended + Math.max(COUNT_EVERY_MS, (ended - began) / COUNT_SHARE);
    return counted;
  };
}
