/** Puts the endpoints behind one Express application: path rules, unknown paths, wrong methods, and the dispatcher around each handler. */
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Logger } from 'pino';
import type { Clock } from '#core';
import type { Directory } from '#directory';
import type { ConversationLog, EventLog } from '#events';
import type { Intake, StoredMessages } from '#intake';
import type { Queue } from '#queue';
import { logRequest, makeDispatcher, sendError } from './dispatch.js';
import { endpoints } from './endpoints.js';
import { ErrorAnswer } from './error-answer.js';
import { makeGuessBrake } from './middleware/guess-brake.js';
import { makeRateLimit } from './middleware/rate-limit.js';
import type { ApiObserver } from './observer.js';
import { addOpenPages } from './open-pages.js';
import type { Readiness } from './readiness.js';

export interface ApiDeps {
  directory: Directory;
  intake: Intake;
  stored: StoredMessages;
  queue: Queue;
  events: EventLog;
  /** What was said to peers, for the operator. */
  conversations: Pick<ConversationLog, 'find'>;
  readiness: Readiness;
  /** The text for Prometheus. */
  metrics: () => Promise<string>;
  observe: ApiObserver;
  clock: Clock;
  logger: Logger;
  /** Name of this server; the host of URLs when a client sends none. */
  hostname: string;
  version: string;
  /** Folder for uploads over 256 kB while their request lasts; must exist. */
  tempDir: string;
  limits: {
    /** Requests of one account per minute; null: no limit. */
    requestsPerMinute: number | null;
  };
}

export interface Api {
  /** A request listener for `makeHttpServer`; other middleware may be put before it. */
  app: Express;
}

export function makeApi(deps: ApiDeps): Api {
  const { directory, intake, stored, queue, events, conversations, clock, hostname, version, logger } = deps;
  const brake = makeGuessBrake(clock);
  const dispatch = makeDispatcher({
    services: { directory, intake, stored, queue, events, conversations, clock, hostname, version, startedAt: clock.monotonic() },
    brake,
    rateLimit: makeRateLimit({ clock, perMinute: deps.limits.requestsPerMinute }),
    logger,
    tempDir: deps.tempDir,
    observe: deps.observe,
  });

  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', false).enable('case sensitive routing');
  app.use((request, response, next) => {
    request.url = withoutDoubledSlashes(request.url);
    response.set({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    next();
  });
  app.get('/', (_request, response) => {
    response.set('content-type', 'text/plain; charset=utf-8').end('Mailgun Magnificent API');
  });
  addOpenPages(app, { readiness: deps.readiness, metrics: deps.metrics, keys: directory.keys, brake });
  for (const endpoint of endpoints) app[methodName(endpoint.method)](endpoint.path, dispatch(endpoint));
  for (const [path, methods] of methodsByPath()) {
    app.all(path, () => {
      throw new ErrorAnswer(405, { message: 'Method not allowed' }, { allow: methods.join(', ') });
    });
  }
  app.use(() => {
    throw new ErrorAnswer(404, '404 page not found');
  });
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    sendError(request, response, routingError(error));
    logRequest(logger, { request, response, ms: 0, failure: error });
  });
  return { app };
}

const methodName = (method: string) => method.toLowerCase() as 'get' | 'post' | 'put' | 'delete';

/** Some senders produce `//messages`. The query is left alone. */
function withoutDoubledSlashes(url: string): string {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  return path.startsWith('/') ? path.replace(/\/{2,}/g, '/') + (mark < 0 ? '' : url.slice(mark)) : url;
}

function methodsByPath(): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const { path, method } of endpoints)
    methods.set(path, [...(methods.get(path) ?? []), ...(method === 'GET' ? ['GET', 'HEAD'] : [method])]);
  return methods;
}

/** The router itself fails only on paths whose escapes are no UTF-8. */
function routingError(error: unknown): ErrorAnswer {
  if (error instanceof ErrorAnswer) return error;
  const status = error instanceof Error && 'status' in error && error.status === 400 ? 400 : 500;
  return new ErrorAnswer(status, { message: status === 400 ? 'The path holds a malformed percent escape' : 'Internal server error' });
}
