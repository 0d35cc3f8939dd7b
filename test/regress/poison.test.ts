/**
 * A message that hangs or kills the process whenever it is worked on costs it three starts, and its neighbours nothing. Reported: it did so
 * after every restart.
 */
import { expect, it } from 'vitest';
import { openWorld, type World } from '../scenarios/support/world.ts';
import { waitFor } from '../support/wait-for.mjs';

const PRELOAD = new URL('../support/poison.mjs', import.meta.url).href;

const poisoned = (kind: 'hang' | 'kill', times: Record<string, number>) => (command: string[]) => {
  const [node = '', ...rest] = command;
  const knobs = Object.entries(times).map(([name, ms]) => `MAILWAGON_TEST_${name}=${ms}`);
  return ['env', `TEST_POISON=${kind} poisonous`, ...knobs, node, '--import', PRELOAD, ...rest];
};

/** What systemd does, until the server stays up for as long as a delivery may rest. */
/** Gives how many recipients had their message at each end of the server. */
async function startAgain(world: World, isDone: () => Promise<boolean>): Promise<number[]> {
  const arrived: number[] = [];
  for (let ends = 0; ; ends++) {
    if (ends > 0) await world.server.start();
    const ended = world.server.exited().then(() => true as const);
    const done = waitFor(isDone, { timeoutMs: 60_000, intervalMs: 100, what: 'the poison given up' }).then(() => false as const);
    const hasEnded = await Promise.race([ended, done.catch(() => ended)]);
    done.catch(() => undefined);
    if (!hasEnded) return arrived;
    arrived.push(new Set(world.mx.messages.flatMap(({ rcptTo }) => rcptTo)).size);
    if (ends > 6) throw new Error('the server ends again and again');
  }
}

const failedOf = async (world: World, recipient: string) =>
  (await world.events().catch(() => [])).filter(({ event, recipient: to }) => event === 'failed' && to === recipient);

it.each(['kill', 'hang'] as const)(
  '%s',
  async (kind) => {
    const world = await openWorld({ wrap: poisoned(kind, { STANDSTILL_MS: 4000, REST_MS: 3000 }) });
    const neighbours = Array.from({ length: 20 }, (_, index) => `n${index}@dst.test`);
    // In one request: what comes after the poison may find no server.
    await world.send({ to: 'before@dst.test' });
    await world.waitForEvents({ accepted: 1, delivered: 1 });
    const hold = await world.server.cli('queue', 'hold', '--all', '--reason', 'until all are there');
    expect(hold.code).toBe(0);
    for (const to of neighbours.slice(0, 10)) await world.send({ to });
    const id = await world.send({ to: 'victim@dst.test', subject: 'poisonous' });
    for (const to of neighbours.slice(10)) await world.send({ to });
    await world.server.api('POST', '/mailwagon/v1/queue/release', { form: { all: 'yes' } }).catch(() => undefined);

    const arrived = await startAgain(world, async () => (await failedOf(world, 'victim@dst.test')).length > 0);
    expect(arrived).toHaveLength(3);
    // What was in hand beside it at the first end is tried alone as well, and before it: it had its turn by the third.
    expect(arrived[2]).toBe(21);
    const [failed] = await failedOf(world, 'victim@dst.test');
    expect(failed).toMatchObject({ severity: 'permanent', 'delivery-status': { code: 554, 'enhanced-code': '5.3.0' } });
    await expect
      .poll(
        async () =>
          (await world.events())
            .filter(({ event }) => event === 'delivered')
            .map(({ recipient }) => recipient)
            .sort(),
        { timeout: 20_000 },
      )
      .toEqual(['before@dst.test', ...neighbours].sort());
    // Once each: a crash repeats at most what was on its way.
    expect(world.mx.messages.filter(({ rcptTo }) => rcptTo.includes('victim@dst.test'))).toEqual([]);

    const log = world.server.log;
    expect(log.filter(({ msg }) => /^the server ended while/.test(msg)).length).toBeGreaterThanOrEqual(2);

    expect(log.filter(({ msg, times }) => /it is failed$/.test(msg) && times === 3)).toHaveLength(1);
    if (kind === 'hang') {
      const standing = log.filter(({ msg }) => /^the event loop stands still/.test(msg));
      expect(standing).toHaveLength(3);
      for (const line of standing) {
        expect(line.doing).toMatch(/^sign-dkim: delivery \d+ of message \d+$/);
        expect(line.stack.join('\n')).toMatch(/sign-dkim/);
      }
    }
    // Kept for who wants to see what it was.
    const show = await world.server.cli('queue', 'show', id);
    expect(show.stdout).toContain('ended three times');
    const events = (await world.events()).filter(({ recipient }) => recipient === 'victim@dst.test') as unknown as {
      storage: { url: string };
    }[];
    expect((await world.server.api('GET', new URL(events[0]?.storage.url ?? '').pathname)).body.Subject).toBe('poisonous');
  },
  180_000,
);

it('a process that is stopped and goes on is left alone by its watchdog', async () => {
  const world = await openWorld({ wrap: (command) => ['env', 'MAILWAGON_TEST_STANDSTILL_MS=5000', ...command] });
  const { pid } = world.server.addresses;
  process.kill(pid, 'SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 8000));
  process.kill(pid, 'SIGCONT');
  await world.send({ to: 'a@dst.test' });
  await world.waitForEvents({ accepted: 1, delivered: 1 });
  expect(world.server.addresses.pid).toBe(pid);
  expect(world.server.log.filter(({ level }) => level >= 60)).toEqual([]);
});
