/** Decides which media type an attached file gets: the type given with it, or else the type that its file name suggests. */
import { lookup } from 'mime-types';

export interface MediaType {
  /** Lower case. */
  type: string;
  /** Names in lower case. Parameters that the message sets itself (`name`, `boundary`) are left out. */
  parameters: [name: string, value: string][];
}

export const OCTETS = 'application/octet-stream';

/**
 * RFC 2045 token/token. No multipart, because one file cannot have the structure that it needs. No message/partial or message/external-body either,
 * because they are not whole messages (RFC 2046 5.2).
 */
const MEDIA_TYPE = /^(?!multipart\/|message\/(?:partial|external-body)\b)([A-Za-z0-9!#$&^_.+-]+\/[A-Za-z0-9!#$&^_.+-]+)\s*(?=;|$)/i;
const PARAMETER = /;\s*([A-Za-z0-9!#$&^_.+-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/g;
/** A file name alone does not make a file a message or a multipart, because programs would look into such a part instead of carrying its bytes. */
const STRUCTURED = /^(?:message|multipart)\//;

/**
 * `given` is a Content-Type, `''` for none. Clients send application/octet-stream for whatever they do not know. So if the type is missing,
 * malformed or application/octet-stream, the file name's ending decides, by the list of the `mime-types` package. If the list does not know the
 * ending, the type is application/octet-stream.
 */
export function attachmentType(given: string, filename: string): MediaType {
  const type = MEDIA_TYPE.exec(given.trim())?.[1]?.toLowerCase();
  if (type === undefined || type === OCTETS) return { type: typeOfName(filename), parameters: [] };
  const parameters = new Map<string, string>();
  for (const [, name = '', quoted, token = ''] of given.matchAll(PARAMETER)) {
    const lowerName = name.toLowerCase();
    const isOurs = lowerName === 'name' || lowerName === 'boundary';
    if (!isOurs && !parameters.has(lowerName)) parameters.set(lowerName, quoted?.replace(/\\(.)/g, '$1') ?? token);
  }
  return { type, parameters: [...parameters] };
}

function typeOfName(filename: string): string {
  // The list also takes a bare word for an ending, but a file that is called `pdf` is not a PDF.
  const type = filename.includes('.') ? lookup(filename) : false;
  return type === false || STRUCTURED.test(type) ? OCTETS : type;
}
