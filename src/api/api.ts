/** Answers every request: endpoints through the dispatcher, and open pages, unknown paths and wrong methods by Express. */
import type { RequestListener } from 'node:http';
import express, { type NextFunction, type Request, type Response } from 'express';
import type { Logger } from 'pino';
import type { Clock } from '#core';
import { type Directory, makeIdleNotices } from '#directory';
import type { ConversationLog, EventLog } from '#events';
import type { Intake, StoredMessages } from '#intake';
import type { Queue } from '#queue';
import type { Services } from './define-endpoint.js';
import { logRequest, makeDispatcher, sendError } from './dispatch.js';
import { endpoints } from './endpoints.js';
import { ErrorAnswer } from './error-answer.js';
import { makeEndpointFinder } from './find-endpoint.js';
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
  warmups: Services['warmups'];
  workers: Services['workers'];
  readiness: Readiness;
  /** The text for Prometheus. */
  metrics: () => Promise<string>;
  observe: ApiObserver;
  /** Told what is begun, for the log should it never end. */
  note: (words: string) => void;
  clock: Clock;
  looseDots: Services['looseDots'];
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
  /** For `makeHttpServer`. */
  listener: RequestListener;
}

export function makeApi(deps: ApiDeps): Api {
  const { directory, intake, stored, queue, events, conversations, warmups, workers, clock, looseDots, hostname, version, logger } = deps;
  const brake = makeGuessBrake(clock);
  const dispatch = makeDispatcher({
    services: {
      ...{ directory, intake, stored, queue, events, conversations, warmups, workers, clock, looseDots, hostname, version },
      ...{ noteIdle: makeIdleNotices(logger), startedAt: clock.monotonic() },
    },
    brake,
    rateLimit: makeRateLimit({ clock, perMinute: deps.limits.requestsPerMinute }),
    logger,
    tempDir: deps.tempDir,
    observe: deps.observe,
    note: deps.note,
  });

  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', false).enable('case sensitive routing');
  app.get('/', (_request, response) => {
    response.set('content-type', 'text/plain; charset=utf-8').end('Mailgun Magnificent API');
  });
  addOpenPages(app, { readiness: deps.readiness, metrics: deps.metrics, keys: directory.keys, brake });
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

  const find = makeEndpointFinder(endpoints);
  return {
    listener(request, response) {
      const url = normalUrl(request.url ?? '/');
      request.url = url;
      response.setHeader('cache-control', 'no-store');
      response.setHeader('x-content-type-options', 'nosniff');
      const found = find(request.method ?? 'GET', pathOf(url));
      // Endpoints are not Express's business: what it does for each request would cost more than a small one does.
      if (found === undefined) app(request, response);
      else
        dispatch(found, request, response).catch((error: unknown) => {
          logger.error({ err: error }, 'request failed');
          response.destroy();
        });
    },
  };
}

function pathOf(url: string): string {
  const mark = url.indexOf('?');
  return mark < 0 ? url : url.slice(0, mark);
}

/** Without the scheme and host that proxies are asked with (RFC 9112 3.2.2), nor the `//messages` that some senders produce. The query is left alone. */
function normalUrl(given: string): string {
  const url = given.startsWith('/') ? given : given.replace(/^https?:\/\/[^/?]*/i, '');
  const path = pathOf(url);
  return path.includes('//') ? path.replace(/\/{2,}/g, '/') + url.slice(path.length) : url;
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
