/**
 * Answers every request of the HTTP listeners by the parts that serve something: the API, the open pages, later tracking and the panel. A part takes
 * its requests itself, or adds pages to Express, which also answers what nobody serves.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import express, { type IRouter, type NextFunction, type Request, type Response } from 'express';
import type { Logger } from 'pino';
import { ErrorAnswer } from '../error-answer.js';
import { logRequest } from '../request-log.js';
import { sendError } from '../send-answer.js';

/** Where pages are added: a router of Express. */
export type PageRouter = Pick<IRouter, 'get' | 'all' | 'use'>;

/** What one room serves. */
export interface HttpPart {
  /**
   * Takes a request and sees to its answer, or gives false at once. Asked before Express, for what is requested so often that a router would cost more
   * than the answer. `path` is without the query.
   */
  take?(request: IncomingMessage, response: ServerResponse, path: string): boolean;
  /** Called once, at the start. A handler may throw an ErrorAnswer. */
  addPages?(router: PageRouter): void;
}

export function makeRequestListener({ parts, logger }: { parts: readonly HttpPart[]; logger: Logger }): RequestListener {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', false).enable('case sensitive routing');
  for (const part of parts) part.addPages?.(app);
  app.use(() => {
    throw new ErrorAnswer(404, '404 page not found');
  });
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    sendError(request, response, pageError(error));
    logRequest(logger, { request, response, ms: 0, failure: error });
  });

  return (request, response) => {
    const url = normalUrl(request.url ?? '/');
    request.url = url;
    response.setHeader('cache-control', 'no-store');
    response.setHeader('x-content-type-options', 'nosniff');
    const path = pathOf(url);
    if (!parts.some((part) => part.take?.(request, response, path))) app(request, response);
  };
}

/** Adds a page that is only read; every other method is answered 405. */
export function addReadOnlyPage(
  router: PageRouter,
  path: string,
  show: (request: Request, response: Response) => Promise<void> | void,
): void {
  router.get(path, (request, response) => show(request, response));
  refuseOtherMethods(router, path, ['GET', 'HEAD']);
}

/** Answers 405 at this path; to be added behind whatever answers the methods that are allowed. */
export function refuseOtherMethods(router: PageRouter, path: string, allowed: readonly string[]): void {
  router.all(path, () => {
    throw new ErrorAnswer(405, { message: 'Method not allowed' }, { allow: allowed.join(', ') });
  });
}

function pathOf(url: string): string {
  const mark = url.indexOf('?');
  return mark < 0 ? url : url.slice(0, mark);
}

/** Takes off the scheme and host that proxies ask with (RFC 9112 3.2.2), and makes one slash of several (some senders ask for `//messages`). The query stays. */
function normalUrl(given: string): string {
  const url = given.startsWith('/') ? given : given.replace(/^https?:\/\/[^/?]*/i, '');
  const path = pathOf(url);
  return path.includes('//') ? path.replace(/\/{2,}/g, '/') + url.slice(path.length) : url;
}

/** The router itself fails only on paths whose percent escapes are no UTF-8. */
function pageError(error: unknown): ErrorAnswer {
  if (error instanceof ErrorAnswer) return error;
  const status = error instanceof Error && 'status' in error && error.status === 400 ? 400 : 500;
  return new ErrorAnswer(status, { message: status === 400 ? 'The path holds a malformed percent escape' : 'Internal server error' });
}
