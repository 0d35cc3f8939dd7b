/** All addresses or none, and a stop that every one of them follows. */
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { systemClock } from '#core';
import { type HttpAddress, makeConnectionGuard, makeHttpListeners } from '#http';

const guard = () => makeConnectionGuard({ limits: { connections: 10, connectionsPerClient: 10 }, clock: systemClock });
const make = (addresses: HttpAddress[]) =>
  makeHttpListeners({ addresses, guard: guard(), listener: (_request, response) => void response.end('here') });
const ask = async ({ port }: HttpAddress) => (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text();

it('binds every address and says where', async () => {
  const listeners = make([
    { host: '127.0.0.1', port: 0 },
    { host: '127.0.0.1', port: 0 },
  ]);
  const bound = await listeners.start();
  expect(bound.map(({ host }) => host)).toEqual(['127.0.0.1', '127.0.0.1']);
  expect(await Promise.all(bound.map(ask))).toEqual(['here', 'here']);
  await listeners.stop(1000);
  for (const address of bound) await expect(ask(address)).rejects.toThrow();
});

it('binds none when one is taken', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
  const first: HttpAddress = { host: '127.0.0.1', port: (free.address() as AddressInfo).port };
  await new Promise((resolve) => free.close(resolve));
  await expect(make([first, { host: '127.0.0.1', port }]).start()).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await expect(ask(first)).rejects.toThrow();
  await new Promise((resolve) => taken.close(resolve));
});

it('has nothing to stop before it has started', async () => {
  await make([{ host: '127.0.0.1', port: 0 }]).stop(1000);
});
