/** What type an attached file goes by: the one it came with, or else the one its name is known for. */
import { lookup } from 'mime-types';

export interface MediaType {
  /** Lower case. */
  type: string;
  /** Names in lower case; without those that say what the message says itself. */
  parameters: [name: string, value: string][];
}

export const OCTETS = 'application/octet-stream';

/** RFC 2045 token/token. A multipart needs a structure that one file cannot have; a part or a pointer is no whole message (RFC 2046 5.2). */
const MEDIA_TYPE = /^(?!multipart\/|message\/(?:partial|external-body)\b)([A-Za-z0-9!#$&^_.+-]+\/[A-Za-z0-9!#$&^_.+-]+)\s*(?=;|$)/i;
const PARAMETER = /;\s*([A-Za-z0-9!#$&^_.+-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/g;
/** A name alone does not make a file a message or a multipart: their bytes would be read, not carried. */
const STRUCTURED = /^(?:message|multipart)\//;

/**
 * `given` is a Content-Type, `''` for none. Where it is missing, malformed or application/octet-stream, which clients send for whatever they do not
 * know, the ending of the file name counts, by the list of the `mime-types` package; application/octet-stream where that knows none either.
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
  // The list also reads a bare word as an ending; a file called `pdf` is no PDF.
  const type = filename.includes('.') ? lookup(filename) : false;
  return type === false || STRUCTURED.test(type) ? OCTETS : type;
}
