/** The API as a part of what is served over HTTP: finds the endpoint of a request and answers it; the rest is pages. */
import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { makeIdleNotices } from '#directory';
import { ErrorAnswer, type HttpPart, makeGuessBrake, makeRateLimit, type RequestObserver, refuseOtherMethods } from '#http';
import { authenticateKey } from './endpoint/authenticate-key.js';
import type { Services } from './endpoint/define-endpoint.js';
import { makeEndpointFinder } from './endpoint/find-endpoint.js';
import { apiEndpoints } from './endpoints.js';
import { makeRequestHandler } from './handle-request.js';
import { isOperatorsKey } from './operator/account-scope.js';

export interface ApiDeps extends Omit<Services, 'noteIdle' | 'startedAt'> {
  observe: RequestObserver;
  /** Told what is begun, for the log should it never end. */
  note: (words: string) => void;
  logger: Logger;
  /** Folder for uploads over 256 kB while their request lasts; must exist. */
  tempDir: string;
  limits: {
    /** Requests of one account per minute; null: no limit. */
    requestsPerMinute: number | null;
  };
}

export interface Api {
  /** For `makeRequestListener`. */
  part: HttpPart;
  /** Throws the answer for a request without an administrator's key of the operator's account. */
  requireOperator(request: IncomingMessage): Promise<void>;
}

export function makeApi({ observe, note, logger, tempDir, limits, ...shared }: ApiDeps): Api {
  const { directory, clock } = shared;
  const brake = makeGuessBrake(clock);
  const handle = makeRequestHandler({
    services: { ...shared, noteIdle: makeIdleNotices(logger), startedAt: clock.monotonic() },
    brake,
    rateLimit: makeRateLimit({ clock, perMinute: limits.requestsPerMinute }),
    ...{ logger, tempDir, observe, note },
  });
  const find = makeEndpointFinder(apiEndpoints);

  return {
    part: {
      take(request, response, path) {
        const found = find(request.method ?? 'GET', path);
        if (found === undefined) return false;
        handle(found, request, response).catch((error: unknown) => {
          logger.error({ err: error }, 'request failed');
          response.destroy();
        });
        return true;
      },
      addPages(router) {
        router.get('/', (_request, response) => {
          response.set('content-type', 'text/plain; charset=utf-8').end('Mailgun Magnificent API');
        });
        for (const [path, methods] of methodsByPath()) refuseOtherMethods(router, path, methods);
      },
    },

    async requireOperator(request) {
      const key = await authenticateKey(request, directory.keys, brake);
      if (!isOperatorsKey(key)) throw new ErrorAnswer(403, { message: 'Forbidden' });
    },
  };
}

function methodsByPath(): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const { path, method } of apiEndpoints)
    methods.set(path, [...(methods.get(path) ?? []), ...(method === 'GET' ? ['GET', 'HEAD'] : [method])]);
  return methods;
}
