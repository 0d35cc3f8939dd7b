/**
 * What needs no key: two health checks, and the metrics for whoever asks from this machine. A health check says whether and not in detail why; metrics
 * name destinations, so other machines must prove that the server's operator is asking.
 */
import type { IncomingMessage } from 'node:http';
import { CONTENT_TYPE } from '#metrics';
import { isDirectFromThisMachine } from '../client-address.js';
import { errorAnswerFrom } from '../error-answer.js';
import { sendError } from '../send-answer.js';
import type { Readiness } from './readiness.js';
import { addReadOnlyPage, type HttpPart, type PageRouter } from './request-listener.js';

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
type Show = Parameters<typeof addReadOnlyPage>[2];

export interface OpenPagesDeps {
  readiness: Readiness;
  /** The text for Prometheus. */
  metrics: () => Promise<string>;
  /** Throws the answer for whoever is not the server's operator. */
  requireOperator: (request: IncomingMessage) => Promise<void>;
}

export function makeOpenPages({ readiness, metrics, requireOperator }: OpenPagesDeps): HttpPart {
  return {
    addPages(router) {
      addPage(router, '/health/live', (_request, response) => void response.json({ status: 'live' }));
      addPage(router, '/health/ready', async (_request, response) => {
        const reasons = await readiness.obstacles();
        response
          .status(reasons.length === 0 ? 200 : 503)
          .json(reasons.length === 0 ? { status: 'ready' } : { status: 'not ready', reasons });
      });
      addPage(router, '/metrics', async (request, response) => {
        if (!isDirectFromThisMachine(request)) await requireOperator(request);
        response.set('content-type', CONTENT_TYPE).end(await metrics());
      });
    },
  };
}

/** Failures are answered here and not logged: strangers may cause as many as they like. */
function addPage(router: PageRouter, path: OpenPath, show: Show): void {
  addReadOnlyPage(router, path, async (request, response) => {
    try {
      await show(request, response);
    } catch (error) {
      sendError(request, response, errorAnswerFrom(error));
    }
  });
}
