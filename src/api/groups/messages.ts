/** Sending, by parts or as MIME. */
import type { DomainRecord } from '#store';
import { type Call, defineEndpoint, type Endpoint, pathParameter, type Services } from '../define-endpoint.js';
import { answerOnce, type RequestOnce } from '../idempotency/answer-once.js';
import type { Draft } from '../message-form/draft.js';
import { readMime } from '../message-form/read-mime.js';
import { readParts } from '../message-form/read-parts.js';
import { presentAccepted } from '../present/accepted.js';

async function send(call: Call, services: Services) {
  const domain = await services.directory.domains.get(call.account, pathParameter(call, 'domain'));
  const read = () => readParts(call.form, domain.name, services.clock.now(), services.looseDots);
  return answerOnce(call, services, domain, async (once) => submit(call, services, domain, read(), once));
}

async function sendMime(call: Call, services: Services) {
  const domain = await services.directory.domains.get(call.account, pathParameter(call, 'domain'));
  return answerOnce(call, services, domain, async (once) =>
    submit(call, services, domain, await readMime(call.form, services.looseDots), once),
  );
}

/** Queued means durable. */
async function submit(call: Call, { intake }: Services, domain: DomainRecord, draft: Draft, once: RequestOnce | undefined) {
  const accepted = await intake.accept({
    ...draft,
    account: call.account,
    domain,
    remoteAddress: call.remoteAddress,
    apiKeyId: call.key.id,
    method: 'http',
    protocol: 'HTTP',
    isAuthenticated: true,
    once: once && { ...once, answer: (committed) => JSON.stringify(presentAccepted(committed)) },
  });
  return presentAccepted(accepted);
}

export const messageEndpoints: Endpoint[] = [
  defineEndpoint('POST /v3/:domain/messages', 'Messages', 'send', 'Send an email', send),
  defineEndpoint('POST /v3/:domain/messages.mime', 'Messages', 'send', 'Send an email in MIME format', sendMime),
];
