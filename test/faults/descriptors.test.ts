/**
 * The process may have 256 descriptors (loading it takes some 150), and 600 clients want one each, at both doors, and keep it. It stays up; what it acknowledged meanwhile is
 * delivered, and when they are gone it serves as before.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { openWorld, type World } from '../scenarios/support/world.js';
import { waitFor } from '../support/wait-for.mjs';

const DESCRIPTORS = 256;
const CLIENTS = 300;
const LIMITED = (command: string[]) => ['bash', '-c', `ulimit -n ${DESCRIPTORS} && exec "$@"`, 'limited', ...command];

/** Connects that often and stays; a connection that is closed by the server is among them. */
function crowd(port: number): Socket[] {
  return Array.from({ length: CLIENTS }, () => {
    const socket = connect(port, '127.0.0.1');
    // To be turned away is what most of them get.
    socket.on('error', () => {});
    return socket;
  });
}

/** Sends a message over HTTP; gives whether it was acknowledged. A server without descriptors may not even answer. */
async function tryToSend({ server }: World, to: string): Promise<boolean> {
  const form = { from: 'a@src.test', to, subject: 'Crowded', text: 'Hello' };
  const answer = await server.api('POST', '/v3/src.test/messages', { form, signal: AbortSignal.timeout(2000) }).catch(() => undefined);
  return answer?.status === 200;
}

test(`with ${DESCRIPTORS} descriptors and ${2 * CLIENTS} clients that stay`, async () => {
  const world = await openWorld({ wrap: LIMITED });
  await world.send({ to: 'before@dst.test' });
  await world.waitForEvents({ accepted: 1, delivered: 1 });
  const { smtp, http, pid } = world.server.addresses;

  const clients = [smtp, http].flatMap(([port = 0]) => crowd(port));
  onTestFinished(() => {
    for (const client of clients) client.destroy();
  });
  const isSettled = (client: Socket) => !client.connecting;
  await waitFor(() => clients.every(isSettled), { timeoutMs: 20_000, what: 'clients that are in or turned away' });
  await sleep(1000);
  const inside = clients.filter(({ destroyed, readableEnded }) => !destroyed && !readableEnded);
  const tried = Array.from({ length: 5 }, (_, index) => `crowded${index}@dst.test`);
  const acknowledged: string[] = [];
  for (const to of tried) if (await tryToSend(world, to)) acknowledged.push(to);
  expect(process.kill(pid, 0)).toBe(true);
  console.log(`${inside.length} of ${clients.length} clients inside, ${acknowledged.length} of ${tried.length} messages acknowledged`);

  for (const client of clients) client.destroy();
  await waitFor(() => tryToSend(world, 'after-http@dst.test'), { timeoutMs: 20_000, what: 'a message taken over HTTP' });
  expect(world.server.addresses.pid).toBe(pid);
  const overSmtp = async () => (await world.submit({ to: 'after-smtp@dst.test' }).catch(() => undefined))?.code === 250;
  await waitFor(overSmtp, { timeoutMs: 20_000, what: 'a message taken over SMTP' });

  const promised = ['before@dst.test', 'after-http@dst.test', 'after-smtp@dst.test', ...acknowledged];
  const areDelivered = async () => {
    const events = await world.events();
    const delivered = new Set(events.filter(({ event }) => event === 'delivered').map(({ recipient }) => recipient));
    if (promised.every((recipient) => delivered.has(recipient))) return events;
    // What was tried without a descriptor to try it with waits for its time.
    await world.server.cli('queue', 'retry', '--all');
    return undefined;
  };
  const events = await waitFor(areDelivered, { timeoutMs: 60_000, intervalMs: 1000, what: 'delivery of everything acknowledged' });
  expect(events.filter(({ severity }) => severity === 'permanent')).toEqual([]);
  for (const recipient of promised) {
    expect(world.mx.messages.filter(({ rcptTo }) => rcptTo.includes(recipient)).length, recipient).toBe(1);
  }
  const ready = await fetch(`${world.server.url}/health/ready`);
  expect(ready.status).toBe(200);
  expect(world.server.log.filter(({ level }) => level >= 60)).toEqual([]);
});
