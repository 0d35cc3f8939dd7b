/** The HTTP listeners of the configuration: bound all together or not at all, and stopped in good order. */
import type { RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ConnectionGuard } from './connection-guard.js';
import { makeHttpServer } from './http-server.js';

export interface HttpAddress {
  host: string;
  /** 0 before it is bound: any free port. */
  port: number;
}

export interface HttpListenersDeps {
  addresses: readonly HttpAddress[];
  listener: RequestListener;
  guard: ConnectionGuard;
}

export interface HttpListeners {
  /** Gives the addresses that were bound. Rejects with the error of the system, and leaves none bound then. */
  start(): Promise<HttpAddress[]>;
  /** Resolves when every connection is gone; those that are not after `graceMs` are cut. */
  stop(graceMs: number): Promise<void>;
}

export function makeHttpListeners({ addresses, listener, guard }: HttpListenersDeps): HttpListeners {
  const servers: Server[] = [];

  async function stop(graceMs: number): Promise<void> {
    await Promise.all(servers.splice(0).map((server) => stopHttpServer(server, graceMs)));
  }

  return {
    async start() {
      try {
        for (const { host, port } of addresses) {
          const server = makeHttpServer(listener, guard);
          await new Promise<void>((resolve, reject) => {
            server.once('error', reject);
            server.listen(port, host, resolve);
          });
          servers.push(server);
        }
      } catch (error) {
        await stop(0);
        throw error;
      }
      return servers.map((server) => {
        const { address, port } = server.address() as AddressInfo;
        return { host: address, port };
      });
    },
    stop,
  };
}

const SWEEP_MS = 50;

/**
 * Ends one server: answers that have begun are finished, and a client that keeps its connection busy cannot hold the server up. Connections that are
 * open after `graceMs` are cut. A server that never listened is fine.
 */
export async function stopHttpServer(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  const leave = (_request: unknown, response: ServerResponse) => response.setHeader('Connection', 'close');
  server.prependListener('request', leave);
  server.prependListener('checkContinue', leave);
  // A connection whose answer had begun before falls idle afterwards.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
}
