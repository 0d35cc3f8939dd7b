/** Makes the text part, for readers without HTML, from the HTML part. Bounded, and never an error. Pure. */
import { compile, type FormatCallback } from 'html-to-text';
import { HTML_LIMITS, readHtml } from './read-html.js';

/** Only so many characters of HTML are read. What follows a tag over the tag limit is left out, too. */
const MAX_INPUT = 512 * 1024;
const LIMITS = { ...HTML_LIMITS, tags: 20_000 };
const WIDTH = 78;

/** Cells of one row stand beside each other, separated by a space. */
const cell: FormatCallback = (element, walk, builder) => {
  walk(element.children, builder);
  builder.addInline(' ');
};

const convert = compile({
  wordwrap: WIDTH,
  limits: { maxInputLength: Number.POSITIVE_INFINITY, maxDepth: 100, ellipsis: '' },
  formatters: { cell },
  selectors: [
    { selector: 'a', options: { hideLinkHrefIfSameAsText: true, noAnchorUrl: true, linkBrackets: ['<', '>'] } },
    // The address of a picture says nothing to a reader.
    { selector: 'img', format: 'skip' },
    ...['td', 'th'].map((selector) => ({ selector, format: 'cell' })),
    { selector: 'tr', format: 'block', options: { leadingLineBreaks: 1, trailingLineBreaks: 1 } },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
  ],
});

/** The library looks elements up by name in a plain object, which has a member of this name from its prototype. */
const UNSAFE_ELEMENT = /<(\/?)constructor(?![^\s/>])/gi;

/** Lines end in LF. Links are followed by their address, list items have bullets or numbers, and each table row is one line. */
export function textOfHtml(html: string): string {
  const given = html.slice(0, MAX_INPUT);
  return convert(given.slice(0, readHtml(given, {}, LIMITS)).replace(UNSAFE_ELEMENT, '<$1x-constructor'));
}
