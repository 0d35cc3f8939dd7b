/** Stored messages: read as parts or as MIME, their attachments, sent again, deleted. */

import { ErrorAnswer, StreamAnswer } from '#http';
import type { Accepted } from '#intake';
import { mimeText, openAttachment, type ParsedMessage, parseHead, parseMessage } from '#mail';
import { type Preview, TaskFailure } from '#workers';
import type { MessageAnswer } from '../contract/domain-answers.js';
import type { StoredMessageAnswer } from '../contract/stored-message-answers.js';
import { type Call, defineEndpoint, type Endpoint, pathParameter, type Services } from '../define-endpoint.js';
import { answerOnce } from '../idempotency/answer-once.js';
import { readRecipients } from '../message-form/addresses.js';
import { presentAccepted } from '../present/accepted.js';
import { attachmentHeaders } from '../present/attachment-headers.js';
import { jsonWithText } from '../present/json-with-text.js';
import { presentMimeFields, presentStoredMessage, storageUrl } from '../present/stored-message.js';

const PATH = '/v3/domains/:domain/messages/:message';

/** Clients ask for the MIME with either name. */
const wantsMime = (call: Call): boolean => /\bmessage\/rfc2?822\b/i.test(call.header('accept') ?? '');

async function find(call: Call, { directory, stored }: Services) {
  const domain = await directory.domains.get(call.account, pathParameter(call, 'domain'));
  const message = await stored.get(domain, pathParameter(call, 'message'));
  const url = storageUrl(call.baseUrl, domain.name, message.facts.storageKey);
  return { message, url };
}

async function get(call: Call, services: Services): Promise<StoredMessageAnswer | StreamAnswer> {
  const { message, url } = await find(call, services);
  if (!wantsMime(call)) {
    const parsed = await parseMessage(parseHead(message.head), message.openBody());
    return presentStoredMessage(message, parsed, await previewOf(parsed, services), url);
  }
  const mayBeEightBit = message.traits.eightBitHead || message.traits.eightBitBody;
  const text = mimeText({ head: message.head, openBody: message.openBody, mayBeEightBit });
  return new StreamAnswer({ 'content-type': 'application/json' }, jsonWithText(presentMimeFields(message, url), 'body-mime', text));
}

async function previewOf({ texts }: ParsedMessage, { workers }: Services): Promise<Preview> {
  const [plain, html] = [texts.get('plain'), texts.get('html')];
  try {
    return await workers.run('preview', { plain, html }, (plain?.length ?? 0) + (html?.length ?? 0));
  } catch (error) {
    if (!(error instanceof TaskFailure)) throw error;
    throw new ErrorAnswer(503, { message: 'The message is too complex to be shown by its parts; ask for message/rfc2822' });
  }
}

async function getAttachment(call: Call, services: Services): Promise<StreamAnswer> {
  const { message } = await find(call, services);
  const number = pathParameter(call, 'attachment');
  const found = /^\d{1,6}$/.test(number) ? await openAttachment(parseHead(message.head), message.openBody(), Number(number)) : undefined;
  if (found === undefined) throw new ErrorAnswer(404, { message: 'Attachment not found' });
  return new StreamAnswer(attachmentHeaders(found), found.content);
}

async function resend(call: Call, services: Services): Promise<object> {
  const domain = await services.directory.domains.get(call.account, pathParameter(call, 'domain'));
  return answerOnce(call, services, domain, async (request) => {
    const recipients = readRecipients(call.form, services.looseDots);
    const { remoteAddress, key } = call;
    const once = request && { ...request, answer: (accepted: Accepted) => JSON.stringify(presentAccepted(accepted)) };
    const name = { domain, key: pathParameter(call, 'message') };
    return presentAccepted(await services.resend({ ...name, recipients, remoteAddress, apiKeyId: key.id, once }));
  });
}

async function remove(call: Call, { directory, stored }: Services): Promise<MessageAnswer> {
  const domain = await directory.domains.get(call.account, pathParameter(call, 'domain'));
  await stored.remove(domain, pathParameter(call, 'message'));
  return { message: 'Message has been deleted' };
}

export const storedMessageEndpoints: Endpoint[] = [
  defineEndpoint(`GET ${PATH}`, 'Messages', 'read', 'Retrieve a stored email', get),
  defineEndpoint(`GET ${PATH}/attachments/:attachment`, 'Messages', 'read', 'Retrieve an attachment of a stored email', getAttachment),
  defineEndpoint(`POST ${PATH}`, 'Messages', 'write', 'Resend an email', resend),
  defineEndpoint(`DELETE ${PATH}`, 'Messages', 'write', 'Delete a stored email', remove),
];
