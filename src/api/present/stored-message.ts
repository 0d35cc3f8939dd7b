/** A stored message as Mailgun's clients read it (clients.md 1.2, 12.2): its parts decoded, or its MIME as one text. */
import {
  decodeHeaderText,
  firstValue,
  type HeadField,
  type ParsedAttachment,
  type ParsedMessage,
  parseAddressList,
  parseHead,
} from '#mail';
import type { KeptMessage } from '#messages';
import type { Preview } from '#workers';
import type { StoredAttachmentJson, StoredMessageAnswer, StoredMimeFields } from '../contract/stored-message-answers.js';

/** Absolute; its last segment is the key. */
export const storageUrl = (baseUrl: string, domain: string, key: string): string => `${baseUrl}/v3/domains/${domain}/messages/${key}`;

/** `preview`: of its texts. `url`: the message's own. */
export function presentStoredMessage(message: KeptMessage, parsed: ParsedMessage, preview: Preview, url: string): StoredMessageAnswer {
  const fields = fieldsOf(message);
  const { plain: _, html, ...others } = Object.fromEntries(parsed.texts);
  const attachments = parsed.attachments.map((attachment, index) => presentAttachment(attachment, `${url}/attachments/${index}`));
  return {
    ...Object.fromEntries(fields.toReversed().flatMap(keysOf)),
    ...addressing(message),
    'body-plain': preview.plain,
    'stripped-text': preview.strippedText,
    'stripped-signature': preview.signature,
    ...(html === undefined ? {} : { 'body-html': html, 'stripped-html': preview.strippedHtml ?? html }),
    ...Object.fromEntries(Object.entries(others).map(([name, other]) => [`body-${name}`, other])),
    'message-headers': fields,
    attachments,
    'content-id-map': contentIdMap(parsed.attachments, attachments),
    'message-url': url,
  };
}

/** What goes with `body-mime`. */
export function presentMimeFields(message: KeptMessage, url: string): StoredMimeFields {
  return { ...addressing(message), 'message-url': url };
}

/** `recipients` are those whom the message names, as Mailgun has it; the envelope's are in the events. */
function addressing(message: KeptMessage) {
  const head = parseHead(message.head);
  const recipients = [...addressesOf(head, 'to'), ...addressesOf(head, 'cc')].join(', ');
  return {
    recipients,
    recipient: recipients,
    sender: message.sender,
    from: decodeHeaderText(firstValue(head, 'from') ?? ''),
    subject: decodeHeaderText(firstValue(head, 'subject') ?? ''),
  };
}

const addressesOf = (head: HeadField[], name: string): string[] =>
  parseAddressList(firstValue(head, name) ?? '')?.map((mailbox) => mailbox.address) ?? [];

/** The header fields and, as Mailgun shows them, those that were read and taken out when the message was accepted. */
function fieldsOf({ head, facts }: KeptMessage): [string, string][] {
  const fields = parseHead(head).filter((field) => field.name !== '');
  const has = (name: string) => fields.some((field) => field.lowerName === name.toLowerCase());
  const taken: [string, string][] = facts.tags.map((tag) => ['X-Mailgun-Tag', tag]);
  if (facts.template !== undefined) taken.push(['X-Mailgun-Template-Name', facts.template.name]);
  if (facts.template?.variables !== undefined) taken.push(['X-Mailgun-Template-Variables', JSON.stringify(facts.template.variables)]);
  if (Object.keys(facts.userVariables).length > 0) taken.push(['X-Mailgun-Variables', JSON.stringify(facts.userVariables)]);
  return [...fields.map((field): [string, string] => [field.name, decodeHeaderText(field.value)]), ...taken.filter(([name]) => !has(name))];
}

/** Clients read these by this spelling, however the message has it. */
const SPELLING = new Map(
  ['Content-Transfer-Encoding', 'Content-Type', 'From', 'Message-Id', 'Mime-Version', 'Subject', 'To'].map((name) => [
    name.toLowerCase(),
    name,
  ]),
);

function keysOf([name, value]: [string, string]): [string, string][] {
  return [
    [SPELLING.get(name.toLowerCase()) ?? name, value],
    [name, value],
  ];
}

function contentIdMap(parsed: ParsedAttachment[], shown: StoredAttachmentJson[]): Record<string, StoredAttachmentJson> {
  const entries = shown.map((json, index): [string, StoredAttachmentJson] => [parsed[index]?.contentId ?? '', json]);
  return Object.fromEntries(entries.filter(([id]) => id !== '').map(([id, json]) => [`<${id}>`, json]));
}

function presentAttachment({ filename, contentType, size }: ParsedAttachment, url: string): StoredAttachmentJson {
  return { url, 'content-type': contentType, name: filename, size };
}

/**
 * Hands an attachment out as what it says it is, but never to be shown or run by a browser as a page of this server. `filename*` is as in RFC 8187; the
 * plain `filename` is for clients that do not know it.
 */
export function attachmentHeaders({ filename, contentType }: { filename: string; contentType: string }): Record<string, string> {
  const ascii = filename.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const exact = encodeURIComponent(Buffer.from(filename, 'utf8').toString('utf8')).replace(
    /['()*]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const names = filename === '' ? '' : `; filename="${ascii}"${ascii === filename ? '' : `; filename*=UTF-8''${exact}`}`;
  return {
    'content-type': contentType,
    'content-disposition': `attachment${names}`,
    'content-security-policy': "sandbox; default-src 'none'",
  };
}

/**
 * A JSON object whose last value is a text too long to be held whole. `texts` are pieces of whole characters; nothing is given before the first one has
 * come. `fields` has at least one.
 */
export async function* jsonWithText(fields: object, name: string, texts: AsyncIterable<string>): AsyncGenerator<string> {
  let start = `${JSON.stringify(fields).slice(0, -1)},${JSON.stringify(name)}:"`;
  for await (const text of texts) {
    yield start + JSON.stringify(text).slice(1, -1);
    start = '';
  }
  yield `${start}"}`;
}
