/**
 * What needs no key: the greeting, the two health checks, and the metrics for who asks from this machine. Health answers say whether, not why in
 * detail; metrics name destinations and are shown to other machines only with an administrator's key of the operator's account.
 */
import type { Express, Request, RequestHandler, Response } from 'express';
import type { Directory } from '#directory';
import { CONTENT_TYPE } from '#metrics';
import { sendError } from './dispatch.js';
import { ErrorAnswer, errorAnswerFrom } from './error-answer.js';
import { authenticate } from './middleware/authenticate.js';
import { isDirectFromThisMachine } from './middleware/client-address.js';
import type { GuessBrake } from './middleware/guess-brake.js';
import { isOperatorsKey } from './operator/read-scope.js';
import type { Readiness } from './readiness.js';

/** For the list of endpoints. */
export const OPEN_PAGES = [
  { method: 'GET', path: '/health/live', title: 'Whether the process is alive', access: 'open' },
  { method: 'GET', path: '/health/ready', title: 'Whether mail is taken, and why not', access: 'open' },
  {
    method: 'GET',
    path: '/metrics',
    title: 'Metrics for Prometheus (from this machine, or with an admin key of the operator)',
    access: 'open',
  },
] as const;

type OpenPath = (typeof OPEN_PAGES)[number]['path'];

export interface OpenPagesDeps {
  readiness: Readiness;
  /** The text for Prometheus. */
  metrics: () => Promise<string>;
  keys: Directory['keys'];
  brake: GuessBrake;
}

export function addOpenPages(app: Express, deps: OpenPagesDeps): void {
  const page = (path: OpenPath, show: (request: Request, response: Response) => Promise<void> | void) => {
    const handler: RequestHandler = async (request, response) => {
      try {
        await show(request, response);
      } catch (error) {
        sendError(request, response, errorAnswerFrom(error));
      }
    };
    app.get(path, handler);
    app.all(path, () => {
      throw new ErrorAnswer(405, { message: 'Method not allowed' }, { allow: 'GET, HEAD' });
    });
  };

  page('/health/live', (_request, response) => void response.json({ status: 'live' }));
  page('/health/ready', async (_request, response) => {
    const reasons = await deps.readiness.obstacles();
    response.status(reasons.length === 0 ? 200 : 503).json(reasons.length === 0 ? { status: 'ready' } : { status: 'not ready', reasons });
  });
  page('/metrics', async (request, response) => {
    if (!isDirectFromThisMachine(request)) await requireOperator(request, deps);
    response.set('content-type', CONTENT_TYPE).end(await deps.metrics());
  });
}

async function requireOperator(request: Request, { keys, brake }: OpenPagesDeps): Promise<void> {
  const key = await authenticate(request, keys, brake);
  if (!isOperatorsKey(key)) throw new ErrorAnswer(403, { message: 'Forbidden' });
}
