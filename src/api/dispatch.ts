/**
 * What happens around every handler, in this order: who is calling, may they, are they too fast, what did they send; then the handler, then the
 * answer and one log line. Handlers only return JSON or throw.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { refusalFrom } from '#core';
import type { ApiKeyRecord } from '#store';
import { drainRequest } from './body/drain-request.js';
import type { Form } from './body/form.js';
import { readForm } from './body/read-form.js';
import type { Call, Endpoint, Services } from './define-endpoint.js';
import { ErrorAnswer, errorAnswerFrom, notSupported } from './error-answer.js';
import type { FoundEndpoint } from './find-endpoint.js';
import { accessRefusal } from './may-call.js';
import { authenticate } from './middleware/authenticate.js';
import { clientAddress } from './middleware/client-address.js';
import type { GuessBrake } from './middleware/guess-brake.js';
import { publicBaseUrl } from './middleware/public-base-url.js';
import type { RateLimit } from './middleware/rate-limit.js';
import type { ApiObserver } from './observer.js';
import { StreamAnswer, sendStream } from './stream-answer.js';

export interface DispatchDeps {
  services: Services;
  brake: GuessBrake;
  rateLimit: RateLimit;
  logger: Logger;
  tempDir: string;
  observe: ApiObserver;
  /** Told what is begun, for the log should it never end. */
  note: (words: string) => void;
}

/** Answers the request whatever happens; what fails then was no longer to be told to the client. */
export type Dispatcher = (found: FoundEndpoint, request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function makeDispatcher(deps: DispatchDeps): Dispatcher {
  const { services, logger } = deps;

  const callOf = (endpoint: Endpoint, params: Record<string, string>, key: ApiKeyRecord, form: Form, request: IncomingMessage): Call => ({
    endpoint: `${endpoint.method} ${endpoint.path}`,
    account: key.account,
    key,
    params,
    form,
    header: (name) => request.headers[name]?.toString(),
    get baseUrl() {
      return publicBaseUrl(request, services.hostname);
    },
    remoteAddress: clientAddress(request),
  });

  return async ({ endpoint, params }, request, response) => {
    const started = services.clock.monotonic();
    let key: ApiKeyRecord | undefined;
    let form: Form | undefined;
    let failure: unknown;
    try {
      key = await authenticate(request, services.directory.keys, deps.brake);
      const forbidden = accessRefusal(key, endpoint, params);
      if (forbidden !== undefined) throw new ErrorAnswer(403, { message: forbidden });
      // Acting as the account itself instead would send and delete in the wrong name.
      if (request.headers['x-mailgun-on-behalf-of']) throw notSupported('X-Mailgun-On-Behalf-Of');
      setHeaders(response, deps.rateLimit.count(key.account));
      const refusal = endpoint.access === 'send' ? services.intake.refusalNow(key.account) : undefined;
      if (refusal !== undefined) throw refusal;
      form = await readForm(request, queryOf(request), deps.tempDir);
      deps.note(`${endpoint.method} ${endpoint.path}`);
      const answer = await endpoint.handler(callOf(endpoint, params, key, form, request), services);
      if (answer instanceof StreamAnswer) await sendStream(response, answer);
      else sendJson(response, 200, answer, form.flag('pretty') ?? false);
    } catch (error) {
      failure = error;
      sendError(request, response, errorAnswerFrom(error));
    } finally {
      await form?.dispose().catch((error: unknown) => logger.error({ err: error }, 'upload not released'));
      const ms = services.clock.monotonic() - started;
      deps.observe(endpoint.method, endpoint.path, response.statusCode, ms);
      logRequest(logger, { request, endpoint, response, key, ms, failure });
    }
  };
}

function queryOf({ url = '' }: IncomingMessage): string {
  const mark = url.indexOf('?');
  return mark < 0 ? '' : url.slice(mark + 1);
}

function setHeaders(response: ServerResponse, headers: Record<string, string>): void {
  for (const name in headers) response.setHeader(name, headers[name] ?? '');
}

function sendJson(response: ServerResponse, status: number, body: object, pretty = false): void {
  if (response.destroyed) return;
  response.statusCode = status;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(body, undefined, pretty ? 2 : undefined));
}

/** Also used for what no endpoint answers. */
export function sendError(request: IncomingMessage, response: ServerResponse, answer: ErrorAnswer): void {
  if (response.destroyed || response.headersSent) return;
  // Its body was never asked for, so nobody knows whether it still comes.
  if (!request.complete && request.headers.expect !== undefined) response.setHeader('connection', 'close');
  setHeaders(response, answer.headers);
  if (typeof answer.body === 'string') {
    response.writeHead(answer.status, { 'content-type': 'text/plain; charset=utf-8' }).end(answer.body);
  } else sendJson(response, answer.status, answer.body);
  drainRequest(request);
}

interface LoggedRequest {
  request: IncomingMessage;
  endpoint?: Endpoint;
  response: ServerResponse;
  key?: ApiKeyRecord | undefined;
  ms: number;
  failure?: unknown;
}

/** One line per request: never a body, a key or a query. */
export function logRequest(logger: Logger, logged: LoggedRequest): void {
  const { request, response, key } = logged;
  const facts = {
    method: request.method,
    route: logged.endpoint?.path,
    status: response.headersSent ? response.statusCode : undefined,
    ms: Math.round(logged.ms * 10) / 10,
    account: key?.account,
    key: key?.id,
    client: clientAddress(request),
  };
  const refusal = logged.failure === undefined || logged.failure instanceof ErrorAnswer ? undefined : refusalFrom(logged.failure);
  if (refusal && refusal.httpStatus >= 500) logger.error({ ...facts, err: refusal.cause ?? refusal }, 'request failed');
  else logger.info({ ...facts, reason: refusal?.reason }, 'request');
}
