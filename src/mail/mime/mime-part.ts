/** What the head of a MIME part says about its content. Anything malformed reads as an opaque part, never as an error. */
import { parseHeaderValue } from 'nodemailer/lib/mime-funcs';
import { decodeHeaderText } from '../head/encoded-words.js';
import { firstValue, type HeadField, trimBlanks } from '../head/head-fields.js';

/**
 * RFC 2046 allows 70 characters. A value that is longer than 200, or not printable ASCII, could not be kept on a line and is not taken for a
 * boundary.
 */
const BOUNDARY = /^[\x20-\x7e]{0,199}[\x21-\x7e]$/;
/** Two tokens of RFC 2045 5.1; anything else reads as the default type. */
const MEDIA_TYPE = /^[\w!#$%&'*+.^`{|}~-]+\/[\w!#$%&'*+.^`{|}~-]+$/;
const MAX_MEDIA_TYPE = 255;
const MAX_VALUE = 16_384;
const NO_PARAMETERS: ReturnType<typeof parseHeaderValue> = { value: '', params: {} };
const IDENTITY = new Set(['', '7bit', '8bit', 'binary']);

export interface MimePart {
  /** 0 for the message itself. */
  depth: number;
  fields: readonly HeadField[];
  /** The line that ended the head. Empty if content or a delimiter followed at once. */
  headEnd: Uint8Array;
  /** `type/subtype` in lower case. Without a Content-Type, the default of RFC 2045 5.2. */
  contentType: string;
  /** Content-Transfer-Encoding in lower case, `''` when there is none. */
  encoding: string;
  /** `multipart` and `message` hold other parts, `leaf` holds content. */
  kind: 'multipart' | 'message' | 'leaf';
  /** Only a multipart has one. */
  boundary: string;
  /** The part holds content that was signed or encrypted, which must not change by a byte (RFC 1847 2.1, RFC 3156 3, RFC 8551 3.1). */
  seals: boolean;
  /** The part is inside another part that seals its content. */
  isSealed: boolean;
}

const SEALING = new Set(['multipart/signed', 'multipart/encrypted', 'application/pkcs7-mime', 'application/x-pkcs7-mime']);

export interface PartContext {
  depth: number;
  /** Content type of the multipart around the part, `''` when there is none. */
  around: string;
  maxDepth: number;
  /** True: message/rfc822 parts are opened and walked. */
  openMessages: boolean;
  isSealed: boolean;
}

export function readPart(fields: readonly HeadField[], headEnd: Uint8Array, context: PartContext): MimePart {
  const { value, params } = fields.length > 0 ? asParameters(textOf(fields, 'content-type')) : NO_PARAMETERS;
  const fallback = context.around === 'multipart/digest' ? 'message/rfc822' : 'text/plain';
  const type = trimBlanks(value).toLowerCase();
  const contentType = type.length <= MAX_MEDIA_TYPE && MEDIA_TYPE.test(type) ? type : fallback;
  const encoding = bareToken(textOf(fields, 'content-transfer-encoding'));
  const mayOpen = context.depth < context.maxDepth;
  const boundary = contentType.startsWith('multipart/') && mayOpen ? trimBlanks(params.boundary ?? '') : '';
  const isMultipart = BOUNDARY.test(boundary);
  const isMessage = mayOpen && context.openMessages && /^message\/(?:rfc822|global|news)$/.test(contentType) && IDENTITY.has(encoding);
  return {
    depth: context.depth,
    fields,
    headEnd,
    contentType,
    encoding,
    kind: isMultipart ? 'multipart' : isMessage ? 'message' : 'leaf',
    boundary: isMultipart ? boundary : '',
    seals: SEALING.has(contentType),
    isSealed: context.isSealed,
  };
}

/** True if the encoding does not change any byte of the content. */
export const isIdentity = (part: MimePart): boolean => part.encoding !== 'base64' && part.encoding !== 'quoted-printable';

/** The file name of a part (RFC 2183, RFC 2231, or an encoded word, which many programs write); `''` without one. */
export function fileNameOf(part: MimePart): string {
  const { filename } = asParameters(textOf(part.fields, 'content-disposition')).params;
  return decodeHeaderText(filename ?? asParameters(textOf(part.fields, 'content-type')).params.name ?? '');
}

export function dispositionOf(part: MimePart): string {
  return bareToken(asParameters(textOf(part.fields, 'content-disposition')).value);
}

const textOf = (fields: readonly HeadField[], name: string) => (firstValue(fields, name) ?? '').slice(0, MAX_VALUE);
const asParameters = (text: string) => parseHeaderValue(text, { stripComments: true });

function bareToken(value: string): string {
  return /^[ \t]*([^ \t;()]*)/.exec(value)?.[1]?.toLowerCase() ?? '';
}
