// @ts-check
/** Ports of the loopback address that nobody listens on right now. */
import { createServer } from 'node:net';

export async function freePort() {
  const [port] = await freePorts(1);
  return port;
}

/** All different: every one is held until the last is found. @param {number} count */
export async function freePorts(count) {
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map((server) => /** @type {import('node:net').AddressInfo} */ (server.address()).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** @returns {Promise<import('node:net').Server>} */
function listen() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
