// @ts-check
/**
 * A mail exchanger on node:net that keeps every byte it is sent and can misbehave at every stage of the session. It is no
 * library on purpose: what it accepts and stores is exactly what came over the wire.
 */
import { createServer as createTcpServer } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { makeSession } from './scripted-mx-session.mjs';
import { waitFor } from './wait-for.mjs';

const EXTENSIONS = ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'ENHANCEDSTATUSCODES', 'SIZE 52428800'];

/** @param {import('./scripted-mx.d.mts').ScriptedMxOptions} [options] */
export async function startScriptedMx(options = {}) {
  const { host = '127.0.0.1', port = 0, tls, implicitTls = false } = options;
  /** @type {import('./scripted-mx.d.mts').ScriptedMx} */
  const mx = {
    host,
    port: 0,
    hostname: options.hostname ?? 'mx.test',
    extensions: options.extensions ?? EXTENSIONS,
    script: options.script ?? {},
    recipients: options.recipients ?? {},
    auth: options.auth,
    messages: [],
    attempts: [],
    sessions: [],
    connections: { open: 0, total: 0, max: 0 },
    waitForMessages: (count, timeoutMs = 10_000) =>
      waitFor(() => mx.messages.length >= count && mx.messages, { timeoutMs, what: `${count} messages (there are ${mx.messages.length})` }),
    clear() {
      mx.messages.length = 0;
      mx.attempts.length = 0;
      mx.sessions.length = 0;
    },
    close,
  };
  /** How often each stage was reached, for actions given as a list. @type {Map<string, number>} */
  const reached = new Map();
  const secureContext = tls && createSecureContext(tls);
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();

  const server = createTcpServer((socket) => {
    socket.setNoDelay();
    sockets.add(socket);
    mx.connections.open += 1;
    mx.connections.total += 1;
    mx.connections.max = Math.max(mx.connections.max, mx.connections.open);
    socket.on('close', () => {
      sockets.delete(socket);
      mx.connections.open -= 1;
    });
    const upgrade =
      secureContext &&
      ((/** @type {import('node:net').Socket} */ plain) => new TLSSocket(plain, { ...tls, isServer: true, secureContext }));
    makeSession({ socket, mx, reached, upgrade, implicitTls });
  });

  async function close() {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(() => resolve(undefined)));
  }

  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(undefined));
  });
  mx.port = /** @type {import('node:net').AddressInfo} */ (server.address()).port;
  return mx;
}
