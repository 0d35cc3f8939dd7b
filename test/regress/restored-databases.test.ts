/**
 * Each of the three databases missing, or older than the others: events of new mail are told, numbers are not given twice, and the log says
 * what happened. Reported: a folder whose spool.db had been moved away told no event of new mail.
 */
import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { openWorld, type World } from '../scenarios/support/world.ts';

const stop = async (world: World) => expect(await world.server.stop()).toBe(0);

async function sendAll(world: World, names: string[]): Promise<void> {
  for (const name of names) await world.send({ to: `${name}@dst.test`, subject: name });
}

/** Recipients that a `delivered` event is told of. */
async function delivered(world: World): Promise<string[]> {
  return (await world.events()).filter(({ event }) => event === 'delivered').map(({ recipient }) => recipient.replace(/@.*/, ''));
}

const until = (world: World, names: string[]) =>
  expect.poll(async () => (await delivered(world)).sort(), { timeout: 15_000 }).toEqual([...names].sort());

const copyOf = (world: World, name: string) => join(world.folder, `${name}.copy`);
/** The server must be stopped, so that everything is in the file. */
const copy = (world: World, name: string) => copyFileSync(join(world.server.dataDir, name), copyOf(world, name));
function bringBack(world: World, name: string): void {
  remove(world, name);
  copyFileSync(copyOf(world, name), join(world.server.dataDir, name));
}
function remove(world: World, name: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(join(world.server.dataDir, name + end), { force: true });
}
const said = (world: World, msg: RegExp) => world.server.log.filter((line) => msg.test(line.msg));

it('spool.db and spool/ moved away, as the documentation has it', async () => {
  const world = await openWorld();
  await sendAll(world, ['a', 'b', 'c', 'd']);
  await until(world, ['a', 'b', 'c', 'd']);
  await stop(world);
  remove(world, 'spool.db');
  rmSync(join(world.server.dataDir, 'spool'), { recursive: true });
  await world.server.start();
  await sendAll(world, ['e']);
  await until(world, ['a', 'b', 'c', 'd', 'e']);
  expect(said(world, /spool.db was replaced/)).toMatchObject([{ reader: 'event-log', was: 8, outbox: 0, why: 'another spool' }]);
  expect((await world.server.api('GET', '/health/ready')).status).toBe(200);
  // Once: what was done then holds.
  await stop(world);
  await world.server.start();
  expect(said(world, /spool.db was replaced/)).toHaveLength(1);
});

it('spool.db older than events.db', async () => {
  const world = await openWorld();
  await sendAll(world, ['a']);
  await until(world, ['a']);
  await stop(world);
  copy(world, 'spool.db');
  await world.server.start();
  await sendAll(world, ['b', 'c']);
  await until(world, ['a', 'b', 'c']);
  await stop(world);
  bringBack(world, 'spool.db');
  await world.server.start();
  await sendAll(world, ['d']);
  await until(world, ['a', 'b', 'c', 'd']);
  expect(said(world, /spool.db was replaced/)).toMatchObject([{ was: 6, outbox: 2, why: 'beyond the outbox' }]);
});

it('events.db older than spool.db, then missing', async () => {
  const world = await openWorld();
  await sendAll(world, ['a']);
  await until(world, ['a']);
  await stop(world);
  copy(world, 'events.db');
  await world.server.start();
  await sendAll(world, ['b']);
  await until(world, ['a', 'b']);
  await stop(world);
  bringBack(world, 'events.db');
  await world.server.start();
  await sendAll(world, ['c']);
  await until(world, ['a', 'c']);
  expect(said(world, /events.db is older/)).toMatchObject([{ reader: 'event-log', missing: 2 }]);
  await stop(world);
  remove(world, 'events.db');
  await world.server.start();
  await sendAll(world, ['d']);
  await until(world, ['d']);
});

it('directory.db missing: the server says so and does not start', async () => {
  const world = await openWorld();
  await stop(world);
  const file = join(world.server.dataDir, 'directory.db');
  renameSync(file, copyOf(world, 'directory.db'));
  await expect(world.server.start()).rejects.toThrow(/directory\.db is new or empty.*restore it/s);
  // What the failed start left does not stand in the way of the backup.
  expect(existsSync(`${file}-wal`)).toBe(false);
  bringBack(world, 'directory.db');
  await world.server.start();
  await sendAll(world, ['a']);
  await until(world, ['a']);
});

it('directory.db older than the spool: mail of an account that it does not know ends with an event, and no number of an account comes twice', async () => {
  const world = await openWorld({ mx: { script: { rcpt: ['451 4.3.0 later', 'default'] } } });
  await world.send({ to: 'a@dst.test' });
  await world.waitForEvents({ accepted: 1, 'failed temporary': 1 });
  await stop(world);
  const spool = new Database(join(world.server.dataDir, 'spool.db'));
  for (const table of ['message', 'queue', 'backlog']) spool.exec(`UPDATE ${table} SET account = 2`);
  spool.exec('UPDATE queue SET due = 0');
  spool.close();
  await world.server.start();
  const told = async () => (await world.server.api('GET', '/mailwagon/v1/events?account=all')).text;
  await expect.poll(told, { timeout: 15_000 }).toContain('Sending domain src.test was deleted');
  await stop(world);
  const directory = new Database(join(world.server.dataDir, 'directory.db'), { readonly: true });
  expect(directory.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'account'").pluck().get()).toBe(2);
  directory.close();
  await world.server.start();
});

it('a new spool gives no number of a delivery that events.db still tells of', async () => {
  const world = await openWorld({ mx: { script: { rcpt: '451 4.3.0 later' } } });
  await world.send({ to: 'a@dst.test' });
  await world.waitForEvents({ accepted: 1, 'failed temporary': 1 });
  await stop(world);
  remove(world, 'spool.db');
  const events = new Database(join(world.server.dataDir, 'events.db'));
  // As after a clock that was set back.
  const far = 8_000_000_000_000_000;
  events.prepare('UPDATE conversation SET delivery = ?').run(far);
  events.close();
  await world.server.start();
  await world.send({ to: 'b@dst.test' });
  const list = await world.server.api('GET', '/mailwagon/v1/queue');
  expect(list.body.items.map(({ id }: { id: string | number }) => Number(id) > far)).toEqual([true]);
});
