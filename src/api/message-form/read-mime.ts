/** `POST /v3/{domain}/messages.mime`: a message built by the client; `to` is its envelope, and the message streams through as it is. */
import { Readable } from 'node:stream';
import { type Address, badRequest } from '#core';
import { firstValue, makeField, parseAddressList, parseHead } from '#mail';
import type { Form } from '../body/form.js';
import { readAddresses, readRecipients } from './addresses.js';
import type { Draft } from './draft.js';
import { readHeaders, readMessageId } from './headers.js';
import { readRecipientVariables } from './recipient-variables.js';
import { readSendOptions } from './send-options.js';
import { readUserVariables } from './user-variables.js';

/** Bytes that are searched for the end of the head. */
const MAX_HEAD = 256 * 1024;
const HEAD_END = /\r?\n\r?\n/;
/** Fields a message may have only once, or that describe its structure: the MIME says them already. */
const SAID_IN_MIME = /^(?:from|sender|reply-to|to|cc|bcc|subject|date|message-id|in-reply-to|references|mime-version|content-.*)$/i;

/** `message` may be a file or a plain field: JavaScript clients send a string as one. Refusal 400. */
export async function readMime(form: Form): Promise<Draft> {
  const recipients = readRecipients(form);
  const open = contentOf(form);
  const { options, tags } = readSendOptions(form);
  const userVariables = readUserVariables(form);
  const recipientVariables = readRecipientVariables(form);
  const added = addedFields(form);
  const sender = await findSender(form, open);
  return {
    sender,
    recipients,
    options,
    tags,
    userVariables,
    recipientVariables,
    content: Readable.from(withFields(added, open), { objectMode: false }),
  };
}

function contentOf(form: Form): () => Readable {
  const file = form.files('message')[0];
  if (file) return () => file.open();
  const text = form.text('message');
  if (text === undefined) throw badRequest('message parameter is missing');
  return () => Readable.from([Buffer.from(text, 'utf8')], { objectMode: false });
}

function addedFields(form: Form): Uint8Array[] {
  const headers = readHeaders(form);
  const repeated = readMessageId(form) === undefined ? headers.find(({ name }) => SAID_IN_MIME.test(name))?.name : 'Message-Id';
  if (repeated !== undefined) throw badRequest(`'h:${repeated}' cannot be given beside 'message', which has a ${repeated} of its own`);
  return headers.map(({ name, value }) => makeField(name, value).raw);
}

async function* withFields(fields: Uint8Array[], open: () => Readable): AsyncGenerator<Uint8Array> {
  yield* fields;
  yield* open();
}

/** The author; several authors are spoken for by Sender (RFC 5322 3.6.2). The `from` parameter counts where the message names nobody. */
async function findSender(form: Form, open: () => Readable): Promise<Address> {
  const head = parseHead(await readHead(open()));
  const from = firstValue(head, 'from');
  const authors = from === undefined ? readAddresses(form, 'from') : parseAddressList(from)?.map((mailbox) => mailbox.address);
  if (authors === undefined) throw badRequest('from parameter is not a valid address. please check documentation');
  const speaker = authors.length > 1 ? parseAddressList(firstValue(head, 'sender') ?? '')?.[0]?.address : undefined;
  const sender = speaker ?? authors[0];
  if (sender === undefined) throw badRequest('from parameter is missing');
  return sender;
}

async function readHead(stream: Readable): Promise<Buffer> {
  let start = Buffer.alloc(0);
  for await (const chunk of stream) {
    start = Buffer.concat([start, chunk as Uint8Array]);
    const end = HEAD_END.exec(start.toString('latin1'));
    if (end) return start.subarray(0, end.index + 2);
    if (start.byteLength > MAX_HEAD) break;
  }
  return start;
}
