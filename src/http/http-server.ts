/** One HTTP server: absolute deadlines for header and body, bounded headers, and `Expect: 100-continue` answered only once the body is wanted. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { MINUTE, SECOND } from '#core';
import type { ConnectionGuard } from './connection-guard.js';

/** ms. A request that drips its bytes is cut off at these ages, however busy it looks. */
export const serverTimeouts = {
  /** Until the whole header block is there. */
  headersTimeout: 30 * SECOND,
  /** Until the whole body is there: 52.4 MiB at about 1 Mbit/s. */
  requestTimeout: 8 * MINUTE,
  /** Idle connections are kept longer than proxies keep theirs (60 s), so that the proxy closes first. */
  keepAliveTimeout: 65 * SECOND,
  /** How often the deadlines are looked at. */
  connectionsCheckingInterval: 5 * SECOND,
} as const;

/** `guard` decides who may hold a connection; servers may share one. `timeouts` may be shortened by tests. */
export function makeHttpServer(
  listener: RequestListener,
  guard: ConnectionGuard,
  timeouts: Partial<Record<keyof typeof serverTimeouts, number>> = {},
): Server {
  const server = createServer({ ...serverTimeouts, ...timeouts, maxHeaderSize: 16 * 1024 }, listener);
  server.maxHeadersCount = 200;
  server.on('checkContinue', (request, response) => {
    // The client is asked for its body when something begins to read it. A request that is refused by its header never sends one.
    request.once('resume', () => {
      if (!response.headersSent) response.writeContinue();
    });
    listener(request, response);
  });
  guard.watch(server);
  return server;
}
