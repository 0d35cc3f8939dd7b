/** An operator's monitoring sees what the server does, and when it should get no more work. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parsePrometheus, sampleOf } from '../support/prometheus-text.js';
import { waitFor } from '../support/wait-for.mjs';
import { openWorld } from './support/world.js';

const scrape = async (url: string) => {
  const response = await fetch(`${url}/metrics`);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  return parsePrometheus(await response.text());
};

test('metrics follow a message from acceptance to its end', async () => {
  const recipients = { 'later@dst.test': '451 4.2.1 mailbox busy', 'never@dst.test': '550 5.1.1 no such user' };
  const world = await openWorld({ mx: { recipients } });
  await world.send({ to: ['one@dst.test', 'later@dst.test', 'never@dst.test'] });
  await world.submit();
  await world.waitForEvents({ accepted: 4, delivered: 2, 'failed temporary': 1, 'failed permanent': 1 });

  const { url } = world.server;
  const families = await scrape(url);
  const value = (name: string, labels = {}) => sampleOf(families, name, labels);
  expect(value('mailwagon_accepted_messages_total', { method: 'http' })).toBe(1);
  expect(value('mailwagon_accepted_messages_total', { method: 'smtp' })).toBe(1);
  expect(value('mailwagon_accepted_recipients_total', { method: 'http' })).toBe(3);
  expect(value('mailwagon_delivered_total')).toBe(2);
  const sum = (name: string) => families.get(name)?.samples.reduce((total, sample) => total + sample.value, 0);
  expect(sum('mailwagon_deferred_total')).toBe(1);
  expect(sum('mailwagon_bounced_total')).toBe(1);
  expect(value('mailwagon_delivery_seconds_count')).toBe(2);
  expect(value('mailwagon_attempt_seconds_count')).toBe(4);
  expect(value('mailwagon_smtp_connections_total', { result: 'session' })).toBe(1);
  expect(value('mailwagon_smtp_logins_total', { result: 'right' })).toBe(1);
  expect(value('mailwagon_queue_deliveries')).toBe(1);
  expect(value('mailwagon_queue_destination_deliveries', { destination: 'dst.test' })).toBe(1);
  expect(value('mailwagon_queue_site_deliveries', { site: 'mx.dst.test' })).toBe(1);
  expect(value('mailwagon_queue_site_deliveries', { site: 'other' })).toBe(0);
  expect(value('mailwagon_http_requests_total', { method: 'POST', route: '/v3/:domain/messages', status: '2xx' })).toBe(1);
  expect(value('mailwagon_store_fsync_seconds_count', { database: 'spool' })).toBeGreaterThan(2);
  expect(value('mailwagon_store_group_calls_count', { database: 'events' })).toBeGreaterThan(0);
  expect(value('mailwagon_outbox_behind_rows', { reader: 'event-log' })).toBe(0);
  expect(value('mailwagon_accepting')).toBe(1);
  expect(value('mailwagon_disk_free_bytes')).toBeGreaterThan(0);
  expect(value('process_resident_memory_bytes')).toBeGreaterThan(1e7);
  expect(value('mailwagon_event_loop_lag_seconds', { quantile: '0.99' })).toBeGreaterThanOrEqual(0);
  expect(families.get('mailwagon_collect_errors_total')?.samples).toEqual([]);
  expect(value('mailwagon_path_window', { source: 'default', site: 'mx.dst.test' })).toBeGreaterThan(0);
  const page = readFileSync(fileURLToPath(new URL('../../docs/operations.md', import.meta.url)), 'utf8');
  const rows = page.split('\n').filter((line) => /^\| `[a-z]+_/.test(line));
  const documented = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
  expect([...families.keys()].sort()).toEqual(documented.sort());
  for (const family of families.values()) expect(family.help).toMatch(/\.$/);
});

test('readiness goes away with the order to stop, liveness stays until the end', async () => {
  const world = await openWorld();
  const { url } = world.server;
  expect(await (await fetch(`${url}/health/live`)).json()).toEqual({ status: 'live' });
  const ready = await fetch(`${url}/health/ready`);
  expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }]);

  // A connection that is in the middle of a request when the order comes, as a balancer's may be.
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    answer += text;
  });
  socket.write(`GET /health/ready HTTP/1.1\r\nHost: ${hostname}\r\n`);
  await waitFor(async () => (await fetch(`${url}/health/live`)).status === 200, { what: 'the half request to have come' });
  world.server.signal('SIGTERM');
  await waitFor(() => world.server.log.some(({ msg }) => msg === 'stopping'), { what: 'stopping' });
  socket.write('\r\n');
  await waitFor(() => answer.includes('}'), { what: 'an answer' });
  expect(answer).toMatch(/^HTTP\/1\.1 503 [\s\S]*\{"status":"not ready","reasons":\["stopping"\]\}/);
  socket.destroy();
  expect(await world.server.exited()).toBe(0);
});
