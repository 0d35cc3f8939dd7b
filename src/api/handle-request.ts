/**
 * What happens around every handler, in this order: who is calling, may they, are they too fast, what did they send; then the handler, then the
 * answer and one log line. Handlers only return JSON or throw.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import {
  clientAddress,
  ErrorAnswer,
  errorAnswerFrom,
  type Form,
  type GuessBrake,
  logRequest,
  notSupported,
  publicBaseUrl,
  type RateLimit,
  type RequestObserver,
  readForm,
  StreamAnswer,
  sendError,
  sendJson,
  sendStream,
  setHeaders,
} from '#http';
import type { ApiKeyRecord } from '#store';
import { authenticateKey } from './endpoint/authenticate-key.js';
import type { ApiRequest, Services } from './endpoint/define-endpoint.js';
import type { FoundEndpoint } from './endpoint/find-endpoint.js';
import { accessRefusal } from './endpoint/may-call.js';

export interface RequestHandlerDeps {
  services: Services;
  brake: GuessBrake;
  rateLimit: RateLimit;
  logger: Logger;
  tempDir: string;
  observe: RequestObserver;
  /** Told what is begun, for the log should it never end. */
  note: (words: string) => void;
}

/** Answers a request of an endpoint, whatever happens. Rejects only with what can no longer be told to the client. */
export type RequestHandler = (found: FoundEndpoint, request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function makeRequestHandler(deps: RequestHandlerDeps): RequestHandler {
  const { services, logger } = deps;

  const readRequest = ({ endpoint, params }: FoundEndpoint, key: ApiKeyRecord, form: Form, request: IncomingMessage): ApiRequest => ({
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

  return async (found, request, response) => {
    const { endpoint, params } = found;
    const started = services.clock.monotonic();
    let key: ApiKeyRecord | undefined;
    let form: Form | undefined;
    let failure: unknown;
    try {
      key = await authenticateKey(request, services.directory.keys, deps.brake);
      const forbidden = accessRefusal(key, endpoint, params);
      if (forbidden !== undefined) throw new ErrorAnswer(403, { message: forbidden });
      // Acting as the account itself instead would send and delete in the wrong name.
      if (request.headers['x-mailgun-on-behalf-of']) throw notSupported('X-Mailgun-On-Behalf-Of');
      setHeaders(response, deps.rateLimit.count(key.account));
      const refusal = endpoint.access === 'send' ? services.intake.refusalNow(key.account) : undefined;
      if (refusal !== undefined) throw refusal;
      form = await readForm(request, deps.tempDir);
      deps.note(`${endpoint.method} ${endpoint.path}`);
      const answer = await endpoint.handler(readRequest(found, key, form, request), services);
      if (answer instanceof StreamAnswer) await sendStream(response, answer);
      else sendJson(response, 200, answer, form.flag('pretty') ?? false);
    } catch (error) {
      failure = error;
      sendError(request, response, errorAnswerFrom(error));
    } finally {
      await form?.dispose().catch((error: unknown) => logger.error({ err: error }, 'upload not released'));
      const ms = services.clock.monotonic() - started;
      deps.observe(endpoint.method, endpoint.path, response.statusCode, ms);
      logRequest(logger, { request, response, route: endpoint.path, account: key?.account, key: key?.id, ms, failure });
    }
  };
}
