/** The text part for readers without HTML, made from the HTML part: bounded, and never an error. Pure. */
import { compile, type FormatCallback } from 'html-to-text';
import { HTML_LIMITS, readHtml } from './read-html.js';

/** Characters of HTML that are read; the rest is left out, as is what comes after the tag that is one too many. */
const MAX_INPUT = 512 * 1024;
const LIMITS = { ...HTML_LIMITS, tags: 20_000 };
const WIDTH = 78;

/** Cells of a row stand beside each other, with a space between. */
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
    // A picture's address says nothing to a reader.
    { selector: 'img', format: 'skip' },
    ...['td', 'th'].map((selector) => ({ selector, format: 'cell' })),
    { selector: 'tr', format: 'block', options: { leadingLineBreaks: 1, trailingLineBreaks: 1 } },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
  ],
});

/** The library looks elements up by name in a plain object, where this name is found without having been put there. */
const UNSAFE_ELEMENT = /<(\/?)constructor(?![^\s/>])/gi;

/** Lines end in LF. Links are followed by their address, list items have bullets or numbers, a row of a table is a line. */
export function textOfHtml(html: string): string {
  const given = html.slice(0, MAX_INPUT);
  return convert(given.slice(0, readHtml(given, {}, LIMITS)).replace(UNSAFE_ELEMENT, '<$1x-constructor'));
}
