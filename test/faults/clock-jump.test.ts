/**
 * The wall clock jumps while mail is queued. Forward beyond the lifetime of mail: nothing is given up, what waits is tried sooner, once. Back: nothing is
 * tried over and over, and nothing waits longer than it would have, not even over a restart. New mail is delivered at once after either. What is
 * scheduled leaves when the clock says so, wherever it has been meanwhile.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import { openWorld, type WireEvent, type World, type WorldOptions } from '../scenarios/support/world.js';
import { tempDir } from '../support/temp-dir.mjs';
import { waitFor } from '../support/wait-for.mjs';
import { type FakeTime, findLibfaketime, makeFakeTime } from './support/fake-time.js';

const DAY_S = 86_400;
const RECIPIENTS = Array.from({ length: 20 }, (_, index) => `r${index}@dst.test`);
/** Due times are looked at twice a minute, lifetimes once. */
const NOTICED_MS = 90_000;

async function openTimeWorld(context: TestContext, mx: WorldOptions['mx'] = {}): Promise<{ world: World; time: FakeTime }> {
  const library = findLibfaketime();
  if (library === undefined) return context.skip('libfaketime is not installed');
  const folder = tempDir('mailwagon-clock-');
  onTestFinished(folder.cleanup);
  const time = makeFakeTime(library, folder.path);
  return { world: await openWorld({ wrap: time.wrap, mx }), time };
}

/** A world whose mail waits for an exchanger that asks for patience. */
async function openWaitingWorld(context: TestContext): Promise<{ world: World; time: FakeTime }> {
  const { world, time } = await openTimeWorld(context, { script: { rcpt: '451 4.2.1 come back later' } });
  await world.send({ to: RECIPIENTS });
  await world.waitForEvents({ accepted: RECIPIENTS.length, 'failed temporary': RECIPIENTS.length });
  return { world, time };
}

/** Every event, whatever day the server thinks it is. */
async function everyEvent({ server }: World): Promise<WireEvent[]> {
  const now = Date.now() / 1000;
  const found: WireEvent[] = [];
  let path = `/v3/src.test/events?begin=${now - 3 * DAY_S}&end=${now + 5 * DAY_S}&limit=300`;
  for (;;) {
    const { status, body, text } = await server.api('GET', path);
    if (status !== 200) throw new Error(`${status}: ${text}`);
    if (body.items.length === 0) return found;
    found.push(...body.items);
    const next = new URL(body.paging.next);
    path = next.pathname + next.search;
  }
}

const endsOf = (events: WireEvent[], recipient: string) =>
  events.filter((event) => event.recipient === recipient && (event.event === 'delivered' || event.severity === 'permanent'));

async function checkServes(world: World, recipient: string): Promise<void> {
  world.mx.recipients[recipient] = 'default';
  await world.send({ to: recipient });
  const seen = async () => endsOf(await everyEvent(world), recipient)[0];
  expect((await waitFor(seen, { timeoutMs: 15_000, intervalMs: 100, what: `the end of mail to ${recipient}` })).event).toBe('delivered');
  const { code } = await world.submit({ to: recipient });
  expect(code).toBe(250);
  await waitFor(async () => endsOf(await everyEvent(world), recipient).length === 2, { timeoutMs: 15_000, what: 'mail sent over SMTP' });
}

const attemptsAt = ({ mx }: World) =>
  mx.sessions.flatMap(({ commands }) => commands.filter((line) => line.startsWith('RCPT TO:<r'))).length;

/** What waits, with its due times relative to what the server takes for now, min. */
async function waitingMinutes(world: World, aheadMs: number): Promise<number[]> {
  const { items } = JSON.parse((await world.server.cli('queue', 'list', '--json')).stdout);
  return items.map(({ due }: { due: string }) => (Date.parse(due) - Date.now() - aheadMs) / 60_000);
}

/** Waits for the end of everything that waited: delivered, and once. */
async function checkAllDelivered(world: World): Promise<void> {
  const allEnded = async () => {
    const events = await everyEvent(world);
    return RECIPIENTS.every((recipient) => endsOf(events, recipient).length > 0) && events;
  };
  const events = await waitFor(allEnded, { timeoutMs: NOTICED_MS, intervalMs: 500, what: 'delivery of what waited' });
  for (const recipient of RECIPIENTS) expect(endsOf(events, recipient).map(({ event }) => event)).toEqual(['delivered']);
  expect(await waitingMinutes(world, 0)).toEqual([]);
  const arrived = world.mx.messages.flatMap(({ rcptTo }) => rcptTo).filter((address) => /^r\d/.test(address));
  expect(arrived.sort()).toEqual([...RECIPIENTS].sort());
}

const saysJump = ({ server }: World, seconds: number) =>
  server.log.some((line) => /the clock was set/.test(line.msg) && Math.abs(line.seconds - seconds) < 5);

test('two days forward and back again: nothing is given up, nothing waits for two days', async (context) => {
  const { world, time } = await openWaitingWorld(context);
  time.jump('+2d');
  await checkServes(world, 'after@dst.test');
  await waitFor(() => saysJump(world, 2 * DAY_S), { what: 'a word about the jump' });
  const twice = 2 * RECIPIENTS.length;
  await waitFor(() => attemptsAt(world) === twice, { timeoutMs: NOTICED_MS, intervalMs: 500, what: 'a second attempt at what waited' });
  // Long enough for a walk over what has expired, and for a timer that would fire over and over.
  await sleep(65_000);
  expect(attemptsAt(world)).toBe(twice);
  const events = await everyEvent(world);
  expect(events.filter(({ severity }) => severity === 'permanent')).toEqual([]);

  time.jump('+0');
  await checkServes(world, 'back@dst.test');
  await waitFor(() => saysJump(world, -2 * DAY_S), { what: 'a word about the jump back' });
  const isSoon = async () => (await waitingMinutes(world, 0)).every((minutes) => minutes < 17);
  await waitFor(isSoon, { timeoutMs: 15_000, intervalMs: 200, what: 'due times as they were' });
  expect(await waitingMinutes(world, 0)).toHaveLength(RECIPIENTS.length);
  world.mx.script = {};
  time.jump('+17m');
  await checkAllDelivered(world);
});

test('a day back: no storm, nothing expires, and nothing waits for a day', async (context) => {
  const { world, time } = await openWaitingWorld(context);
  time.jump('-1440m');
  await checkServes(world, 'after@dst.test');
  expect(Date.parse(world.server.log.at(-1)?.time)).toBeLessThan(Date.now() - 900 * DAY_S);
  // Who asks for the events until now is told of the new ones.
  const { body } = await world.server.api('GET', '/v3/src.test/events?limit=300');
  expect(endsOf(body.items, 'after@dst.test').map(({ event }) => event)).toEqual(['delivered', 'delivered']);
  await waitFor(() => saysJump(world, -DAY_S), { what: 'a word about the jump' });
  const isSoon = async () => (await waitingMinutes(world, -DAY_S * 1000)).every((minutes) => minutes < 12);
  await waitFor(isSoon, { timeoutMs: 15_000, intervalMs: 200, what: 'due times as they were' });
  // Long enough for a timer that would fire over and over.
  await sleep(3000);
  expect(attemptsAt(world)).toBe(RECIPIENTS.length);
  expect(await waitingMinutes(world, 0)).toHaveLength(RECIPIENTS.length);

  world.mx.script = {};
  time.jump('-1428m');
  await checkAllDelivered(world);
  expect(attemptsAt(world)).toBe(2 * RECIPIENTS.length);
});

test('a day back while the server is down: nothing waits for a day', async (context) => {
  const { world, time } = await openWaitingWorld(context);
  expect(await world.server.stop()).toBe(0);
  time.jump('-1440m');
  await world.server.start();
  await checkServes(world, 'after@dst.test');
  const isSoon = async () => (await waitingMinutes(world, -DAY_S * 1000)).every((minutes) => minutes < 13);
  await waitFor(isSoon, { timeoutMs: 30_000, intervalMs: 500, what: 'due times within the back-off' });
  expect(attemptsAt(world)).toBe(RECIPIENTS.length);
  world.mx.script = {};
  time.jump('-1427m');
  await checkAllDelivered(world);
});

test('a scheduled message leaves when the clock says so, wherever the clock has been', async (context) => {
  const { world, time } = await openTimeWorld(context);
  const tomorrow = Math.floor(Date.now() / 1000) + DAY_S;
  await world.send({ to: 'r1@dst.test', 'o:deliverytime': String(tomorrow) });
  await world.waitForEvents({ accepted: 1 });
  time.jump('-1d');
  await checkServes(world, 'after@dst.test');
  const [waiting] = JSON.parse((await world.server.cli('queue', 'list', '--json')).stdout).items;
  expect(Date.parse(waiting.due)).toBe(tomorrow * 1000);
  expect(attemptsAt(world)).toBe(0);

  time.jump('+25h');
  const ended = async () => endsOf(await everyEvent(world), 'r1@dst.test')[0];
  const end = await waitFor(ended, { timeoutMs: NOTICED_MS, intervalMs: 500, what: 'the end of the scheduled message' });
  expect(end).toMatchObject({ event: 'delivered' });
  expect(end.timestamp).toBeGreaterThanOrEqual(tomorrow);
  expect(attemptsAt(world)).toBe(1);
});
