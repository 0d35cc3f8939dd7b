/** Stored messages: read as parts or as MIME, their attachments, sent again, deleted. */
import { ErrorAnswer, StreamAnswer } from '#http';
import type { Accepted } from '#intake';
import { mimeText, openAttachment, type ParsedMessage, parseHead, parseMessage } from '#mail';
import { type Preview, TaskFailure } from '#workers';
import type { MessageAnswer } from '../contract/domain-answers.js';
import type { StoredMessageAnswer } from '../contract/stored-message-answers.js';
import { answerOnce } from '../endpoint/answer-once.js';
import { type ApiRequest, defineEndpoint, type EndpointDefinition, type Services } from '../endpoint/define-endpoint.js';
import { readRecipients } from '../message-form/addresses.js';
import { presentAccepted } from '../present/acknowledgements.js';
import { attachmentHeaders, jsonWithText, presentMimeFields, presentStoredMessage, storageUrl } from '../present/stored-message.js';

const PATH = '/v3/domains/:domain/messages/:message';

/** Clients ask for the MIME with either name. */
const wantsMime = (request: ApiRequest): boolean => /\bmessage\/rfc2?822\b/i.test(request.header('accept') ?? '');

async function find(request: ApiRequest<'domain' | 'message'>, { directory, stored }: Services) {
  const domain = await directory.domains.get(request.account, request.params.domain);
  const message = await stored.get(domain, request.params.message);
  const url = storageUrl(request.baseUrl, domain.name, message.facts.storageKey);
  return { message, url };
}

async function get(request: ApiRequest<'domain' | 'message'>, services: Services): Promise<StoredMessageAnswer | StreamAnswer> {
  const { message, url } = await find(request, services);
  if (!wantsMime(request)) {
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

async function getAttachment(request: ApiRequest<'domain' | 'message' | 'attachment'>, services: Services): Promise<StreamAnswer> {
  const { message } = await find(request, services);
  const number = request.params.attachment;
  const found = /^\d{1,6}$/.test(number) ? await openAttachment(parseHead(message.head), message.openBody(), Number(number)) : undefined;
  if (found === undefined) throw new ErrorAnswer(404, { message: 'Attachment not found' });
  return new StreamAnswer(attachmentHeaders(found), found.content);
}

async function resend(request: ApiRequest<'domain' | 'message'>, services: Services): Promise<object> {
  const domain = await services.directory.domains.get(request.account, request.params.domain);
  return answerOnce(request, services, domain, async (asked) => {
    const recipients = readRecipients(request.form, services.looseDots);
    const { remoteAddress, key } = request;
    const once = asked && { ...asked, answer: (accepted: Accepted) => JSON.stringify(presentAccepted(accepted)) };
    const name = { domain, key: request.params.message };
    return presentAccepted(await services.resend({ ...name, recipients, remoteAddress, apiKeyId: key.id, once }));
  });
}

async function remove(request: ApiRequest<'domain' | 'message'>, { directory, stored }: Services): Promise<MessageAnswer> {
  const domain = await directory.domains.get(request.account, request.params.domain);
  await stored.remove(domain, request.params.message);
  return { message: 'Message has been deleted' };
}

export const storedMessageEndpoints: EndpointDefinition[] = [
  defineEndpoint(`GET ${PATH}`, 'read', 'Retrieve a stored email', get),
  defineEndpoint(`GET ${PATH}/attachments/:attachment`, 'read', 'Retrieve an attachment of a stored email', getAttachment),
  defineEndpoint(`POST ${PATH}`, 'write', 'Resend an email', resend),
  defineEndpoint(`DELETE ${PATH}`, 'write', 'Delete a stored email', remove),
];
