/** Sending, by parts or as MIME. */
import type { DomainRecord } from '#store';
import { answerOnce, type RequestOnce } from '../endpoint/answer-once.js';
import { type ApiRequest, defineEndpoint, type EndpointDefinition, type Services } from '../endpoint/define-endpoint.js';
import { readMime } from '../message-form/read-mime.js';
import { readParts } from '../message-form/read-parts.js';
import type { RequestedMessage } from '../message-form/requested-message.js';
import { presentAccepted } from '../present/acknowledgements.js';

async function send(request: ApiRequest<'domain'>, services: Services) {
  const domain = await services.directory.domains.get(request.account, request.params.domain);
  const read = () => readParts(request.form, domain.name, services.clock.now(), services.looseDots);
  return answerOnce(request, services, domain, async (once) => submit(request, services, domain, read(), once));
}

async function sendMime(request: ApiRequest<'domain'>, services: Services) {
  const domain = await services.directory.domains.get(request.account, request.params.domain);
  return answerOnce(request, services, domain, async (once) =>
    submit(request, services, domain, await readMime(request.form, services.looseDots), once),
  );
}

/** Answers 200 only when the message is durable. */
async function submit(
  request: ApiRequest,
  { intake }: Services,
  domain: DomainRecord,
  message: RequestedMessage,
  once: RequestOnce | undefined,
) {
  const accepted = await intake.accept({
    ...message,
    account: request.account,
    domain,
    remoteAddress: request.remoteAddress,
    apiKeyId: request.key.id,
    method: 'http',
    protocol: 'HTTP',
    isAuthenticated: true,
    once: once && { ...once, answer: (committed) => JSON.stringify(presentAccepted(committed)) },
  });
  return presentAccepted(accepted);
}

export const messageEndpoints: EndpointDefinition[] = [
  defineEndpoint('POST /v3/:domain/messages', 'send', 'Send an email', send),
  defineEndpoint('POST /v3/:domain/messages.mime', 'send', 'Send an email in MIME format', sendMime),
];
