/** Reads away what is left of a request that was answered early, so that the client gets to read the answer instead of a reset connection. */
import type { IncomingMessage } from 'node:http';

/** A client that sends more than this after its answer is cut off, bytes. */
const PATIENCE = 64 * 1024 * 1024;

export function drainRequest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  let size = 0;
  request.unpipe();
  request.on('error', () => {});
  request.on('data', (chunk: Buffer) => {
    size += chunk.byteLength;
    if (size > PATIENCE) request.destroy();
  });
  request.resume();
}
