/** `POST /v3/{domain}/messages.mime`: a message built by the client; `to` is its envelope, and the message streams through as it is. */
import type { Readable } from 'node:stream';
import { type Address, badRequest, type LooseDots } from '#core';
import type { Form } from '#http';
import { firstValue, type HeadField, makeField, parseAddressList, readHead } from '#mail';
import { readAddresses, readRecipients } from './addresses.js';
import { readHeaders, readMessageId } from './headers.js';
import type { RequestedMessage } from './requested-message.js';
import { readSendOptions } from './send-options.js';
import { readTemplateRequest } from './template.js';
import { readRecipientVariablesParameter, readUserVariables } from './variables.js';

/** Fields that a message has only once, or that describe its structure: the MIME has them already. */
const SAID_IN_MIME = /^(?:from|sender|reply-to|to|cc|bcc|subject|date|message-id|in-reply-to|references|mime-version|content-.*)$/i;

/** `message` may be a file or a plain field: JavaScript clients send a string as one. Refusal 400. */
export async function readMime(form: Form, looseDots: LooseDots): Promise<RequestedMessage> {
  const recipients = readRecipients(form, looseDots);
  const message = contentOf(form);
  const { options, tags } = readSendOptions(form);
  const userVariables = readUserVariables(form);
  const recipientVariables = readRecipientVariablesParameter(form);
  const template = readTemplateRequest(form);
  const addedFields = readAddedFields(form);
  const sender = await findSender(form, message);
  return {
    sender,
    recipients,
    options,
    tags,
    userVariables,
    recipientVariables,
    template,
    addedFields,
    content: message instanceof Uint8Array ? message : message(),
  };
}

/** All of it when it is in memory, otherwise a way to read it. */
type Content = Uint8Array | (() => Readable);

function contentOf(form: Form): Content {
  const file = form.files('message')[0];
  if (file) return file.bytes() ?? (() => file.open());
  const text = form.text('message');
  if (text === undefined) throw badRequest('message parameter is missing');
  return Buffer.from(text, 'utf8');
}

function readAddedFields(form: Form): HeadField[] {
  const headers = readHeaders(form);
  const repeated = readMessageId(form) === undefined ? headers.find(({ name }) => SAID_IN_MIME.test(name))?.name : 'Message-Id';
  if (repeated !== undefined) throw badRequest(`'h:${repeated}' cannot be given beside 'message', which has a ${repeated} of its own`);
  return headers.map(({ name, value }) => makeField(name, value));
}

/** The author, or the address in Sender when there are several (RFC 5322 3.6.2). The `from` parameter counts when the message names no author. */
async function findSender(form: Form, message: Content): Promise<Address> {
  const head = await readHead(message instanceof Uint8Array ? [message] : message());
  const from = firstValue(head, 'from');
  const authors = from === undefined ? readAddresses(form, 'from') : parseAddressList(from)?.map((mailbox) => mailbox.address);
  if (authors === undefined) throw badRequest('from parameter is not a valid address. please check documentation');
  const speaker = authors.length > 1 ? parseAddressList(firstValue(head, 'sender') ?? '')?.[0]?.address : undefined;
  const sender = speaker ?? authors[0];
  if (sender === undefined) throw badRequest('from parameter is missing');
  return sender;
}
