/** Ends an HTTP server in good order: answers under way are finished, and a client that keeps its connection busy cannot hold the server up. */
import type { Server, ServerResponse } from 'node:http';

const SWEEP_MS = 50;

/** Resolves when every connection is gone; those that are not after `graceMs` are cut. A server that never listened is fine. */
export async function stopHttpServer(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  const leave = (_request: unknown, response: ServerResponse) => response.setHeader('Connection', 'close');
  server.prependListener('request', leave);
  server.prependListener('checkContinue', leave);
  // Connections whose answer had begun before fall idle afterwards.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
}
