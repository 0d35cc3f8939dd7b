/** Tells whether a leaf is one of the message's texts or an attachment. Pure. */
import { cleanText } from '#core';
import { firstValue } from '../head/head-fields.js';
import { dispositionOf, fileNameOf, type MimePart } from './mime-part.js';

export type LeafRole =
  /** `name`: `plain`, `html`, `amp-html`, or the subtype of another text. */
  | { kind: 'text'; name: string }
  /** `filename` without folders, `contentId` without angle brackets; `''` when the part has none. */
  | { kind: 'attachment'; filename: string; contentType: string; contentId: string };

const MAX_CONTENT_ID = 255;

/** A text part with a file name or with the disposition `attachment` is an attachment. */
export function leafRoleOf(part: MimePart): LeafRole {
  const filename = cleanText(fileNameOf(part).split(/[/\\]/).filter(Boolean).at(-1) ?? '');
  if (part.contentType.startsWith('text/') && filename === '' && dispositionOf(part) !== 'attachment') {
    const subtype = part.contentType.slice('text/'.length);
    return { kind: 'text', name: subtype === 'x-amp-html' ? 'amp-html' : subtype };
  }
  const contentId = /^[ \t]*<?([^<>\s]*)>?/.exec(firstValue(part.fields, 'content-id')?.slice(0, MAX_CONTENT_ID) ?? '')?.[1] ?? '';
  return { kind: 'attachment', filename, contentType: part.contentType, contentId };
}
