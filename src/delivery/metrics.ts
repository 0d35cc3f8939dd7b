/** Numbers about attempts under way: lanes, sessions, paths, and where the time goes. */
import { SECOND } from '#core';
import type { Registry } from '#metrics';
import type { DeliveryEngine } from './delivery.js';

export function addDeliveryMetrics(registry: Registry, delivery: Pick<DeliveryEngine, 'stats'>): void {
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
        suspended: sitesSuspended,
        stalled: still,
        givenUp: cut,
        paths,
        connections: open,
        steps,
      } = delivery.stats();
      lanes.set(running);
      ready.set(waiting);
      suspended.set(sitesSuspended);
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
