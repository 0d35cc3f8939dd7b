/** Numbers about the HTTP listeners: connections, requests and how long they took. */
import { SECOND } from '#core';
import type { Registry } from '#metrics';
import type { ConnectionFate, ConnectionGuard } from './connection-guard.js';
import type { RequestObserver } from './request-log.js';

/** Seconds. */
const REQUEST_BOUNDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

/** An observer that counts. */
export function countRequests(registry: Registry): RequestObserver {
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

/** What a connection guard tells of each connection, counted. */
export function countHttpConnections(registry: Registry): (fate: ConnectionFate) => void {
  const fates = registry.counters({
    name: 'mailwagon_http_connections_total',
    help: 'Connections to the HTTP listeners: taken, refused by reason, or cut while they were quiet to make room.',
    labels: ['result'],
  });
  return (fate) => fates.with(fate).add();
}

export function addHttpMetrics(registry: Registry, guard: Pick<ConnectionGuard, 'open'>): void {
  const connections = registry.gauge({ name: 'mailwagon_http_connections', help: 'Connections to the HTTP listeners that are open.' });
  registry.collect('http', [connections], () => connections.set(guard.open()));
}
