/** Removes from HTML the elements in which mail programs quote the message that is answered. Linear in the text; pure. */
import { readHtml } from './read-html.js';

/**
 * Longer HTML is given back unchanged, so that one message never holds up the others. HTML with more tags than we read is given back unchanged, too.
 */
const MAX_LENGTH = 1024 * 1024;
const QUOTE_CLASSES = new Set(['gmail_quote', 'gmail_extra', 'yahoo_quoted', 'moz-cite-prefix', 'protonmail_quote']);
/** In a document with one of these ids, everything after the element is the quoted message. */
const QUOTE_BEGINS = new Set(['appendonsend', 'divrplyfwdmsg', 'ms-outlook-mobile-reference-message']);

function isQuote(name: string, attributes: Readonly<Record<string, string>>): boolean {
  if (name === 'blockquote' && (attributes.type?.toLowerCase() === 'cite' || attributes.cite !== undefined)) return true;
  return (attributes.class ?? '').split(/\s+/).some((one) => QUOTE_CLASSES.has(one));
}

/** Everything that is kept stays byte for byte. */
export function stripQuotedHtml(html: string): string {
  if (html.length > MAX_LENGTH) return html;
  const cuts: [number, number][] = [];
  let depth = 0;
  let start: number | undefined;
  /** The quotation has no element of its own, so it ends at the end of the body. */
  let isOpenEnded = false;
  const read = readHtml(html, {
    open(name, attributes, place) {
      depth += 1;
      if (start !== undefined) return;
      isOpenEnded = QUOTE_BEGINS.has((attributes.id ?? '').toLowerCase());
      if (!isOpenEnded && !isQuote(name, attributes)) return;
      start = place.start;
      depth = 1;
    },
    close(name, place) {
      depth -= 1;
      if (start === undefined) return;
      const ends = isOpenEnded ? name === 'body' || name === 'html' : depth === 0;
      if (!ends) return;
      cuts.push([start, isOpenEnded ? place.start : place.end]);
      start = undefined;
    },
  });
  // Reading stopped at the tag limit. If that was within a quotation, the unread rest is cut as part of it.
  if (read < html.length && start === undefined) return html;
  if (start !== undefined) cuts.push([start, html.length]);
  if (cuts.length === 0) return html;
  let kept = '';
  let from = 0;
  for (const [cutStart, cutEnd] of cuts) {
    kept += html.slice(from, cutStart);
    from = cutEnd;
  }
  return kept + html.slice(from);
}
