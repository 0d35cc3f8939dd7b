/** Sending, by parts or as MIME. */
import type { DomainRecord } from '#store';
import { type Call, defineEndpoint, type Endpoint, pathParameter, type Services } from '../define-endpoint.js';
import type { Draft } from '../message-form/draft.js';
import { readMime } from '../message-form/read-mime.js';
import { readParts } from '../message-form/read-parts.js';

async function send(call: Call, services: Services) {
  const domain = await services.directory.domains.get(call.account, pathParameter(call, 'domain'));
  return submit(call, services, domain, readParts(call.form, domain.name, services.clock.now()));
}

async function sendMime(call: Call, services: Services) {
  const domain = await services.directory.domains.get(call.account, pathParameter(call, 'domain'));
  return submit(call, services, domain, await readMime(call.form));
}

/** Queued means durable. */
async function submit(call: Call, { intake }: Services, domain: DomainRecord, draft: Draft) {
  const { account, remoteAddress, key } = call;
  const { messageId, warnings } = await intake.accept({
    ...draft,
    ...{ account, domain, remoteAddress, apiKeyId: key.id },
    ...{ method: 'http', protocol: 'HTTP', isAuthenticated: true },
  });
  return { id: `<${messageId}>`, message: 'Queued. Thank you.', ...(warnings === undefined ? {} : { warnings }) };
}

export const messageEndpoints: Endpoint[] = [
  defineEndpoint('POST /v3/:domain/messages', 'Messages', 'send', 'Send an email', send),
  defineEndpoint('POST /v3/:domain/messages.mime', 'Messages', 'send', 'Send an email in MIME format', sendMime),
];
