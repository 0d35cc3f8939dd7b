/** Writes answers: JSON, and errors of every kind. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorAnswer } from './error-answer.js';

/** A client that goes on sending its body after the answer is cut off behind this many bytes. */
const MAX_DRAINED = 64 * 1024 * 1024;

export function setHeaders(response: ServerResponse, headers: Record<string, string>): void {
  for (const name in headers) response.setHeader(name, headers[name] ?? '');
}

export function sendJson(response: ServerResponse, status: number, body: object, pretty = false): void {
  if (response.destroyed) return;
  response.statusCode = status;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(body, undefined, pretty ? 2 : undefined));
}

/** Does nothing when an answer has begun already. */
export function sendError(request: IncomingMessage, response: ServerResponse, answer: ErrorAnswer): void {
  if (response.destroyed || response.headersSent) return;
  // The client waits to be asked for its body and was not asked: whether the body still comes is unknown.
  if (!request.complete && request.headers.expect !== undefined) response.setHeader('connection', 'close');
  setHeaders(response, answer.headers);
  if (typeof answer.body === 'string') {
    response.writeHead(answer.status, { 'content-type': 'text/plain; charset=utf-8' }).end(answer.body);
  } else sendJson(response, answer.status, answer.body);
  drainRequest(request);
}

/** Reads away the rest of a body that was answered early, so that the client gets to read the answer instead of a reset connection. */
function drainRequest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  let size = 0;
  request.unpipe();
  request.on('error', () => {});
  request.on('data', (chunk: Buffer) => {
    size += chunk.byteLength;
    if (size > MAX_DRAINED) request.destroy();
  });
  request.resume();
}
