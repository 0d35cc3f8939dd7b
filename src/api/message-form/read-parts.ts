/** `POST /v3/{domain}/messages`: the parts of a message, checked in the order Mailgun does, and composed. */
import { type Address, badRequest, type LooseDots, makeMessageId, parseAddress, tooLarge } from '#core';
import type { Form, Upload } from '#http';
import type { TemplateRequest } from '#intake';
import { attachmentType, buildMessage, messageLimits, parseAddressList } from '#mail';
import { readAddresses, readRecipients } from './addresses.js';
import { readHeaders, readMessageId } from './headers.js';
import type { RequestedMessage } from './requested-message.js';
import { readSendOptions } from './send-options.js';
import { readTemplateRequest } from './template.js';
import { readRecipientVariablesParameter, readUserVariables } from './variables.js';

/** Refusal 400 with Mailgun's texts, naming the parameter. Bcc goes into the envelope and nowhere else. `now` is in ms. */
export function readParts(form: Form, domain: string, now: number, looseDots: LooseDots): RequestedMessage {
  const template = readTemplateRequest(form);
  const authors = readAddresses(form, 'from');
  // A template may bring its own author.
  const author = authors[0] ?? (template && parseAddress(`postmaster@${domain}`));
  if (author === undefined) throw badRequest('from parameter is missing');
  const recipients = readRecipients(form, looseDots);
  const { options, tags } = readSendOptions(form);
  const userVariables = readUserVariables(form);
  const recipientVariables = readRecipientVariablesParameter(form);
  const bodies = { text: form.text('text'), html: form.text('html'), amp: form.text('amp-html') };
  if (Object.values(bodies).reduce((sum, body = '') => sum + body.length, 0) > messageLimits.message) {
    throw tooLarge('Message exceeds fixed limit');
  }
  if (template === undefined && Object.values(bodies).every((body) => body === undefined)) {
    throw badRequest("Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified");
  }
  // In the order in which the built message has them: events list the attachments of mail that comes over SMTP in the same order.
  const files = [...readFiles(form, 'inline', true), ...readFiles(form, 'attachment', false)];
  const headers = readHeaders(form);
  const content = buildMessage({
    from: authors.length === 0 ? undefined : form.texts('from').join(', '),
    to: form.texts('to'),
    cc: form.texts('cc'),
    looseDots,
    subject: withoutLineEnds(form.text('subject')),
    ...bodies,
    ...(template && placesFor(template, bodies.text)),
    headers,
    attachments: files.map(({ upload, inline }) => ({
      filename: upload.filename,
      contentType: upload.contentType,
      content: upload.bytes() ?? upload.open(),
      inline,
    })),
    messageId: readMessageId(form) ?? makeMessageId(now, domain),
    date: new Date(now),
  });
  const attachments = files.map(({ upload: { filename, contentType, size } }) => {
    return { filename, contentType: attachmentType(contentType, filename).type, size };
  });
  const sender = (authors.length > 1 ? speakerOf(headers) : undefined) ?? author;
  return { sender, recipients, options, tags, userVariables, recipientVariables, template, attachments, content };
}

/** Some clients leave line ends at the end of a subject. */
function withoutLineEnds(text: string | undefined): string | undefined {
  let end = text?.length ?? 0;
  while (end > 0 && (text?.[end - 1] === '\n' || text?.[end - 1] === '\r')) end--;
  return text?.slice(0, end);
}

/** Blanks in the places of the texts that the template will make, so that the message is built around them. */
const placesFor = (template: TemplateRequest, text: string | undefined) => ({ html: ' ', text: text ?? (template.text ? ' ' : undefined) });

/** The address in Sender, which says who sent it when there are several authors (RFC 5322 3.6.2). */
function speakerOf(headers: { name: string; value: string }[]): Address | undefined {
  const given = headers.findLast(({ name }) => name.toLowerCase() === 'sender');
  return parseAddressList(given?.value ?? '')?.[0]?.address;
}

function readFiles(form: Form, field: 'attachment' | 'inline', inline: boolean): { upload: Upload; inline: boolean }[] {
  if (form.texts(field).length > 0) throw badRequest(`'${field}' parameter is not a file`);
  return form.files(field).map((upload) => ({ upload, inline }));
}
