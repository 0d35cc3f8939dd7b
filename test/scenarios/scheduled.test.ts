/** Mail that its sender schedules: it leaves at its time and not before, whatever happens to the server meanwhile, and is given up in time. */
import { expect, test } from 'vitest';
import { openWorld, type World } from './support/world.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const list = async (world: World) => JSON.parse((await world.server.cli('queue', 'list', '--json')).stdout).items;
const show = async (world: World, id: number) => JSON.parse((await world.server.cli('queue', 'show', String(id), '--json')).stdout);
/** As the command line shows times. */
const shownTime = (ms: number) => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}Z`;
const rfc2822 = (ms: number) => new Date(ms).toUTCString().replace('GMT', '+0000');

test('leaves at its time, after a crash of the server too', async () => {
  const world = await openWorld();
  const scheduled = Math.floor(Date.now() / SECOND) + 8;
  await world.send({ 'o:deliverytime': String(scheduled) });
  await world.submit({ headers: { 'X-Mailgun-Deliver-By': rfc2822(scheduled * SECOND) } });
  const accepted = await world.waitForEvents({ accepted: 2 });
  expect(accepted).toMatchObject([{ message: { 'scheduled-for': scheduled } }, { message: { 'scheduled-for': scheduled } }]);

  const [waiting] = await list(world);
  const { why, due, expires_at } = await show(world, waiting.id);
  expect(why).toContain(`It has not been tried yet. Scheduled by its sender for ${shownTime(scheduled * SECOND)}, in `);
  expect([Date.parse(due), Date.parse(expires_at)]).toEqual([scheduled * SECOND, scheduled * SECOND + 480 * MINUTE]);

  expect(await world.server.stop('SIGKILL')).toBe('SIGKILL');
  await world.server.start();
  const events = await world.waitForEvents({ accepted: 2, delivered: 2 });
  for (const { event, timestamp } of events) if (event === 'delivered') expect(timestamp).toBeGreaterThanOrEqual(scheduled);
  expect(world.mx.messages).toHaveLength(2);
  expect(world.mx.connections.total).toBeLessThanOrEqual(2);
});

test('is not sent early by an operator who has everything tried again, and can be cancelled', async () => {
  const world = await openWorld();
  const inSixDays = Date.now() + 6 * 24 * 60 * MINUTE;
  await world.submit({ headers: { 'X-Mailgun-Deliver-By': rfc2822(inSixDays), 'X-Mailgun-Deliver-Within': '1h30m' } });
  await world.waitForEvents({ accepted: 1 });
  const retried = await world.server.cli('queue', 'retry', '--all', '--json');
  expect(JSON.parse(retried.stdout)).toEqual({ count: 0, left: 1 });
  const [waiting] = await list(world);
  const { due, expires_at } = await show(world, waiting.id);
  expect(Date.parse(expires_at) - Date.parse(due)).toBe(90 * MINUTE);
  expect(JSON.parse((await world.server.cli('queue', 'cancel', '--all', '--yes', '--json')).stdout)).toEqual({ count: 1 });
  await world.waitForEvents({ accepted: 1, 'failed permanent': 1 });
  expect(world.mx.connections.total).toBe(0);
});

test('is tried for the last time shortly before its delivery window ends', async () => {
  const world = await openWorld({ mx: { script: { rcpt: '451 4.2.1 mailbox busy' } } });
  await world.send({ 'o:deliver-within': '5m' });
  await world.waitForEvents({ accepted: 1, 'failed temporary': 1 });
  const [waiting] = await list(world);
  const shown = await show(world, waiting.id);
  const left = Date.parse(shown.expires_at) - Date.parse(shown.due);
  expect(left).toBeGreaterThanOrEqual(30 * SECOND);
  expect(left).toBeLessThanOrEqual(90 * SECOND);
});
