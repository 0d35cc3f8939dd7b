/**
 * Finds `%recipient…%` in decoded text and replaces it by values. Unknown placeholders stay as written. There is one pass, so values are never
 * searched.
 */

/** A placeholder by the name between its percent signs: `recipient`, `recipient_email`, `recipient.order.id`. */
export interface Placeholder {
  readonly name: string;
}

/** Text and placeholders in order. A text without placeholders is one piece, or none if it is empty. */
export type TextTemplate = readonly (string | Placeholder)[];

/** Gives the text for a name, or undefined if the name is unknown. */
export type Lookup = (name: string) => string | undefined;

/**
 * Names may hold colons, dashes, dots and blanks, as clients use them (`%recipient.h:Reply-To%`). They may not begin or end with a blank: otherwise
 * `5%recipient.a and %recipient.b%` would be read as one long name.
 */
const PLACEHOLDER = /%(recipient(?:_(?:email|name|fname|lname)|\.[^%\s](?:[^%\r\n]{0,253}[^%\s])?)?)%/g;
/** Every placeholder begins with this. */
export const SIGN = '%recipient';

export const hasPlaceholder = (text: string): boolean => text.includes(SIGN) && text.search(PLACEHOLDER) >= 0;

export function parseTemplate(text: string): TextTemplate {
  if (!text.includes(SIGN)) return text === '' ? [] : [text];
  const pieces: (string | Placeholder)[] = [];
  let from = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    if (match.index > from) pieces.push(text.slice(from, match.index));
    pieces.push({ name: match[1] ?? '' });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}

/**
 * `prepare` makes a value fit for its place; the text around the values is not touched. Stops when the text is longer than `most` characters. Such a
 * text is incomplete, and longer than `most` by one piece at most.
 */
export function fillPlaceholders(
  template: TextTemplate,
  lookup: Lookup,
  prepare: (value: string) => string,
  most = Number.POSITIVE_INFINITY,
): string {
  let text = '';
  for (const piece of template) {
    if (text.length > most) break;
    if (typeof piece === 'string') {
      text += piece;
      continue;
    }
    const value = lookup(piece.name);
    text += value === undefined ? placeholderText(piece) : prepare(value);
  }
  return text;
}

/** The placeholder as it is written in the text. */
export const placeholderText = ({ name }: Placeholder): string => `%${name}%`;

/** A value on one line: line breaks and other controls become spaces. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
export const onOneLine = (value: string): string => value.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
