/**
 * Every number Mailwagon shows Prometheus, in one place: what is counted as it happens, and what is asked for when somebody looks.
 * `docs/operations.md` lists them. Labels have few values: names that strangers choose appear for the largest few only.
 */
import { type Clock, type Outcome, refusalFrom, SECOND } from '#core';
import type { Delivery } from '#delivery';
import type { ConversationLog, OutboxPump, Recorder } from '#events';
import type { ConnectionFate, ConnectionGuard, RequestObserver } from '#http';
import type { Intake, Pressure } from '#intake';
import { addProcessMetrics, makeRegistry, type Registry } from '#metrics';
import type { Queue } from '#queue';
import type { SmtpDoor, SmtpObserver } from '#smtp';
import type { QueueCensus, SpoolStore, Stores } from '#store';
import type { CallQueue } from '#webhooks';

/** What the parts of the server are given, so that they are counted. */
export interface Counting {
  recorder(recorder: Recorder): Recorder;
  intake(intake: Intake): Intake;
  smtp: SmtpObserver;
  api: RequestObserver;
  httpConnection: (fate: ConnectionFate) => void;
}

/** What is asked when somebody looks. */
export interface Watched {
  stores: Stores;
  queue: Pick<Queue, 'siteOf'>;
  pump: OutboxPump;
  delivery: Delivery;
  smtp: SmtpDoor;
  httpGuard: Pick<ConnectionGuard, 'open'>;
  conversations: ConversationLog;
  pressure: Pressure;
  calls: CallQueue;
}

export interface ServerMetrics {
  counting: Counting;
  watch(watched: Watched): void;
  /** The text for Prometheus. */
  render(): Promise<string>;
  stop(): void;
}

/** Seconds. */
const REQUEST_BOUNDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
const SESSION_BOUNDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];
const DELIVERY_BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 900, 3600, 14_400, 86_400];
const TOP_DESTINATIONS = 20;
const TOP_SITES = 20;
/** Destinations whose sites are counted; the others are too small to make a site large. */
const SITED_DESTINATIONS = 2000;
const CENSUS_EVERY_MS = 15 * SECOND;
/** A census may take this share of the reader thread's time. */
const CENSUS_SHARE = 1 / 50;

export function makeServerMetrics({ clock, version }: { clock: Clock; version: string }): ServerMetrics {
  const registry = makeRegistry();
  registry
    .gauge({ name: 'mailwagon_build_info', help: 'Always 1; says which version runs.', labels: ['version', 'node'] })
    .replace([{ labels: [version, process.versions.node], value: 1 }]);
  const stopProcess = addProcessMetrics(registry);
  return {
    counting: {
      recorder: countAttempts(registry, clock),
      intake: countAccepted(registry),
      smtp: countSmtp(registry),
      api: countRequests(registry),
      httpConnection: countHttpConnections(registry),
    },
    watch(watched) {
      watchQueue(registry, watched, clock);
      watchDelivery(registry, watched.delivery);
      watchStores(registry, watched);
      watchRoom(registry, watched);
      watchCalls(registry, watched);
    },
    render: registry.render,
    stop: stopProcess,
  };
}

function countHttpConnections(registry: Registry): Counting['httpConnection'] {
  const fates = registry.counters({
    name: 'mailwagon_http_connections_total',
    help: 'Connections to the HTTP listeners: taken, refused by reason, or cut while they were quiet to make room.',
    labels: ['result'],
  });
  return (fate) => fates.with(fate).add();
}

function countAccepted(registry: Registry): Counting['intake'] {
  const messages = registry.counters({
    name: 'mailwagon_accepted_messages_total',
    help: 'Messages committed to the queue, by the door they came through.',
    labels: ['method'],
  });
  const recipients = registry.counters({
    name: 'mailwagon_accepted_recipients_total',
    help: 'Recipients of accepted messages.',
    labels: ['method'],
  });
  const refused = registry.counters({
    name: 'mailwagon_refused_messages_total',
    help: 'Messages refused after they were sent to us whole or in part, by SMTP code.',
    labels: ['method', 'code'],
  });
  return (intake) => ({
    ...intake,
    async accept(submission) {
      const { method } = submission;
      try {
        const accepted = await intake.accept(submission);
        messages.with(method).add();
        recipients.with(method).add(submission.recipients.length);
        return accepted;
      } catch (error) {
        refused.with(method, String(refusalFrom(error).smtpCode)).add();
        throw error;
      }
    },
  });
}

/** Each attempt that ends makes exactly one event, so the recorder sees them all. */
function countAttempts(registry: Registry, clock: Clock): Counting['recorder'] {
  const delivered = registry.counter({ name: 'mailwagon_delivered_total', help: 'Recipients whose server took the message.' });
  const ended = { labels: ['reason', 'stage'] };
  const deferred = registry.counters({
    name: 'mailwagon_deferred_total',
    help: 'Attempts that will be repeated, by reason and by how far they came.',
    ...ended,
  });
  const bounced = registry.counters({ name: 'mailwagon_bounced_total', help: 'Recipients given up, by reason and stage.', ...ended });
  const latency = registry.histogram({
    name: 'mailwagon_delivery_seconds',
    help: 'From when it was due to delivery, of delivered recipients; of those deferred before, from their first attempt.',
    bounds: DELIVERY_BOUNDS,
  });
  const session = registry.histogram({
    name: 'mailwagon_attempt_seconds',
    help: 'From the first connection of an attempt to its end, whatever came of it.',
    bounds: SESSION_BOUNDS,
  });
  const reasonOf = ({ reason, reply }: Exclude<Outcome, { kind: 'delivered' | 'released' }>) => (reply.code === 604 ? 'cancelled' : reason);
  return (recorder) => ({
    accepted: recorder.accepted,
    rejected: recorder.rejected,
    delivered(fields) {
      const event = recorder.delivered(fields);
      delivered.add();
      latency.observe(Math.max(0, clock.now() - dueSince(fields)) / SECOND);
      session.observe(fields.outcome.sessionMs / SECOND);
      return event;
    },
    failed(fields) {
      const event = recorder.failed(fields);
      const { outcome, severity } = fields;
      (severity === 'temporary' ? deferred : bounced).with(reasonOf(outcome), outcome.stage).add();
      if (outcome.stage !== 'local') session.observe(outcome.sessionMs / SECOND);
      return event;
    },
  });
}

/** A deferred delivery has another due time than it had at first. */
const dueSince = ({ delivery, firstAttemptAt }: Parameters<Recorder['delivered']>[0]): number =>
  delivery.attempts === 0 ? delivery.due : firstAttemptAt;

function countSmtp(registry: Registry): SmtpObserver {
  const connections = registry.counters({
    name: 'mailwagon_smtp_connections_total',
    help: 'Connections to the SMTP listeners, by what became of them.',
    labels: ['result'],
  });
  const logins = registry.counters({ name: 'mailwagon_smtp_logins_total', help: 'AUTH attempts, by result.', labels: ['result'] });
  return { connection: (result) => connections.with(result).add(), login: (result) => logins.with(result).add() };
}

function countRequests(registry: Registry): RequestObserver {
  const requests = registry.counters({
    name: 'mailwagon_http_requests_total',
    help: 'HTTP requests, by route and class of status.',
    labels: ['method', 'route', 'status'],
  });
  const seconds = registry.histogram({
    name: 'mailwagon_http_request_seconds',
    help: 'From the head of a request to its answer.',
    bounds: REQUEST_BOUNDS,
  });
  return (method, route, status, ms) => {
    requests.with(method, route, `${Math.floor(status / 100)}xx`).add();
    seconds.observe(ms / SECOND);
  };
}

function watchQueue(registry: Registry, { stores, queue, pump }: Watched, clock: Clock): void {
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
  const census = makeCensus(stores.spool, clock);
  registry.collect('queue', [deliveries, destinations, byDestination, bySite, oldest, behind], async () => {
    const { deliveries: total, destinations: names, oldestDue, top, lastOutbox } = await census();
    deliveries.set(total);
    destinations.set(names);
    byDestination.replace(largest(new Map(top.map((one) => [one.destination, one.deliveries])), TOP_DESTINATIONS, total));
    const sites = new Map<string, number>();
    for (const { destination, deliveries: count } of top) {
      // What nothing was due for since the start has not been looked up.
      const site = queue.siteOf(destination) ?? 'unknown';
      sites.set(site, (sites.get(site) ?? 0) + count);
    }
    bySite.replace(largest(sites, TOP_SITES, total));
    oldest.set(oldestDue === undefined ? 0 : Math.max(0, clock.now() - oldestDue) / SECOND);
    behind.replace(pump.positions().map(({ reader, position }) => ({ labels: [reader], value: Math.max(0, lastOutbox - position) })));
  });
}

/** Those with most, and what is left of the total. */
function largest(counts: ReadonlyMap<string, number>, limit: number, total: number) {
  const most = [...counts].sort(([, one], [, other]) => other - one).slice(0, limit);
  const shown = most.map(([name, value]) => ({ labels: [name], value }));
  return [...shown, { labels: ['other'], value: total - shown.reduce((sum, { value }) => sum + value, 0) }];
}

/** Counting a long queue takes a while, so one count serves all looks for a time that grows with it. */
function makeCensus(spool: Pick<SpoolStore, 'census'>, clock: Clock): () => Promise<QueueCensus> {
  let counted: QueueCensus | undefined;
  let goodUntil = 0;
  return async () => {
    const began = clock.monotonic();
    if (counted !== undefined && began < goodUntil) return counted;
    counted = await spool.census(SITED_DESTINATIONS);
    const ended = clock.monotonic();
    goodUntil = ended + Math.max(CENSUS_EVERY_MS, (ended - began) / CENSUS_SHARE);
    return counted;
  };
}

function watchDelivery(registry: Registry, delivery: Delivery): void {
  const lanes = registry.gauge({ name: 'mailwagon_delivery_attempts_running', help: 'Attempts under way.' });
  const ready = registry.gauge({
    name: 'mailwagon_delivery_sites_waiting',
    help: 'Sites with due mail for which there is no connection left now.',
  });
  const connections = registry.gauge({
    name: 'mailwagon_delivery_connections',
    help: 'Connections to mail servers, by what they do.',
    labels: ['state'],
  });
  const suspended = registry.gauge({ name: 'mailwagon_delivery_sites_suspended', help: 'Sites left alone after failures.' });
  const stalled = registry.gauge({
    name: 'mailwagon_delivery_attempts_stalled',
    help: 'Attempts whose messages keep their session waiting while others get through.',
  });
  const givenUp = registry.counters({
    name: 'mailwagon_delivery_attempts_given_up_total',
    help: 'Attempts that were cut short because too many stood still.',
    labels: [],
  });
  const path = { labels: ['source', 'site'] };
  const pathLanes = registry.gauge({
    name: 'mailwagon_path_attempts_running',
    help: 'Attempts under way, of the 20 busiest paths.',
    ...path,
  });
  const pathWindow = registry.gauge({ name: 'mailwagon_path_window', help: 'Attempts that these paths may carry at a time.', ...path });
  const pathStalled = registry.gauge({
    name: 'mailwagon_path_attempts_stalled',
    help: 'Attempts of these paths that stand still beside the window.',
    ...path,
  });
  const step = { labels: ['step'] };
  const stepSeconds = registry.counters({
    name: 'mailwagon_delivery_step_seconds_total',
    help: 'Time spent in each step of attempts.',
    ...step,
  });
  const stepRuns = registry.counters({ name: 'mailwagon_delivery_steps_total', help: 'How often each step of attempts ran.', ...step });
  registry.collect(
    'delivery',
    [lanes, stalled, givenUp, ready, suspended, pathLanes, pathWindow, pathStalled, connections, stepSeconds, stepRuns],
    () => {
      const {
        lanes: running,
        waiting,
        suspended: resting,
        stalled: still,
        givenUp: cut,
        paths,
        connections: open,
        steps,
      } = delivery.stats();
      lanes.set(running);
      ready.set(waiting);
      suspended.set(resting);
      stalled.set(still);
      givenUp.replace([{ labels: [], value: cut }]);
      pathLanes.replace(paths.map(({ source, site, lanes: value }) => ({ labels: [source, site], value })));
      pathWindow.replace(paths.map(({ source, site, window: value }) => ({ labels: [source, site], value })));
      pathStalled.replace(paths.map(({ source, site, stalled: value }) => ({ labels: [source, site], value })));
      connections.replace([
        { labels: ['busy'], value: open.open - open.idle },
        { labels: ['idle'], value: open.idle },
      ]);
      stepSeconds.replace(Object.entries(steps).map(([name, { ms }]) => ({ labels: [name], value: ms / SECOND })));
      stepRuns.replace(Object.entries(steps).map(([name, { count }]) => ({ labels: [name], value: count })));
    },
  );
}

function watchStores(registry: Registry, { stores }: Watched): void {
  const labels = ['database'];
  const group = registry.histograms({
    name: 'mailwagon_store_group_seconds',
    help: 'Time of group commits, from begin to durable.',
    labels,
  });
  const fsync = registry.histograms({ name: 'mailwagon_store_fsync_seconds', help: 'Of these, time until the disk had it.', labels });
  const size = registry.histograms({ name: 'mailwagon_store_group_calls', help: 'Calls that shared one commit.', labels });
  registry.collect('stores', [group, fsync, size], async () => {
    const stats = await stores.commitStats();
    const of = (part: 'group' | 'fsync' | 'size') => stats.map((one) => ({ labels: [one.database], value: one[part] }));
    group.replace(of('group'));
    fsync.replace(of('fsync'));
    size.replace(of('size'));
  });
}

function watchCalls(registry: Registry, { calls }: Watched): void {
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

function watchRoom(registry: Registry, { smtp, httpGuard, conversations, pressure }: Watched): void {
  const sessions = registry.gauge({ name: 'mailwagon_smtp_connections', help: 'Connections to the SMTP listeners that are open.' });
  const httpConnections = registry.gauge({ name: 'mailwagon_http_connections', help: 'Connections to the HTTP listeners that are open.' });
  const accepting = registry.gauge({ name: 'mailwagon_accepting', help: '1 while mail is taken in, 0 while disk or memory forbid it.' });
  const free = registry.gauge({ name: 'mailwagon_disk_free_bytes', help: 'Free space for the data folder.' });
  const floor = registry.gauge({ name: 'mailwagon_disk_floor_bytes', help: 'Free space below which no mail is taken in.' });
  const wal = registry.gauge({ name: 'mailwagon_store_wal_bytes', help: 'Size of the write-ahead logs.' });
  const dropped = registry.counters({
    name: 'mailwagon_conversations_dropped_total',
    help: 'SMTP conversations that could not be kept.',
    labels: [],
  });
  registry.collect('room', [sessions, httpConnections, accepting, free, floor, wal, dropped], () => {
    sessions.set(smtp.connections());
    httpConnections.set(httpGuard.open());
    dropped.replace([{ labels: [], value: conversations.dropped() }]);
    const { accepting: isAccepting, disk } = pressure.state();
    accepting.set(isAccepting ? 1 : 0);
    if (disk === undefined) for (const gauge of [free, floor, wal]) gauge.replace([]);
    else {
      free.set(disk.free);
      floor.set(disk.floor);
      wal.set(disk.walBytes);
    }
  });
}
