/** One log line per request, and who else is told of every answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { refusalFrom } from '#core';
import { clientAddress } from './client-address.js';
import { ErrorAnswer } from './error-answer.js';

/** Told of every answer: method, path as it is defined (`/v3/:domain/messages`), status, ms. Must not throw and not wait. */
export type RequestObserver = (method: string, route: string, status: number, ms: number) => void;

export interface LoggedRequest {
  request: IncomingMessage;
  response: ServerResponse;
  ms: number;
  /** Path as it is defined; absent where nothing answers to the path. */
  route?: string;
  account?: number | undefined;
  /** Id of the API key, never its secret. */
  key?: string | undefined;
  /** What was thrown instead of an answer. */
  failure?: unknown;
}

/** Never logs a body, a secret or a query. Failures of this server are errors, everything else is information. */
export function logRequest(logger: Logger, { request, response, route, ms, account, key, failure }: LoggedRequest): void {
  const facts = {
    method: request.method,
    route,
    status: response.headersSent ? response.statusCode : undefined,
    ms: Math.round(ms * 10) / 10,
    account,
    key,
    client: clientAddress(request),
  };
  const refusal = failure === undefined || failure instanceof ErrorAnswer ? undefined : refusalFrom(failure);
  if (refusal && refusal.httpStatus >= 500) logger.error({ ...facts, err: refusal.cause ?? refusal }, 'request failed');
  else logger.info({ ...facts, reason: refusal?.reason }, 'request');
}
