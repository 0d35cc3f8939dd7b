/**
 * Cuts an address list into tokens (RFC 5322 3.2 and 3.4) in one pass: quoted strings, comments, angle brackets, separators, and the text between
 * them.
 */

export interface AddressToken {
  kind: 'text' | 'quote' | 'comment' | 'angle' | ',' | ';' | ':';
  /** Offsets of the first character and of the one after the last. Quotes, parentheses and brackets are part of the token. */
  start: number;
  end: number;
}

type Kind = AddressToken['kind'];

const KINDS: Readonly<Record<string, Kind>> = { '"': 'quote', '(': 'comment', '<': 'angle', ',': ',', ';': ';', ':': ':' };

/** Ten times as many as the longest list of recipients needs. */
const MAX_TOKENS = 100_000;

/** Undefined when something is not closed, and when there are more tokens than any of our lists has. Blanks between tokens belong to no token. */
export function addressTokens(text: string): AddressToken[] | undefined {
  const tokens: AddressToken[] = [];
  let start = 0;
  while (start < text.length) {
    const char = text[start] as string;
    if (isBlank(char)) {
      start++;
      continue;
    }
    const kind = KINDS[char] ?? 'text';
    const end = endOf(kind, text, start);
    if (end < 0 || tokens.length === MAX_TOKENS) return undefined;
    tokens.push({ kind, start, end });
    start = end;
  }
  return tokens;
}

const isBlank = (char: string): boolean => char === ' ' || char === '\t' || (char > '\x7f' && /\s/.test(char));

/** The index after the token that begins at `start`, or -1 if the token has no end. */
function endOf(kind: Kind, text: string, start: number): number {
  switch (kind) {
    case 'text':
      return endOfText(text, start);
    case 'quote':
      return endOfQuote(text, start);
    case 'comment':
      return endOfComment(text, start);
    case 'angle':
      return endOfAngle(text, start);
    default:
      return start + 1;
  }
}

function endOfText(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && KINDS[text[end] as string] === undefined && !isBlank(text[end] as string)) end++;
  return end;
}

function endOfQuote(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    if (text[index] === '\\') index++;
    else if (text[index] === '"') return index + 1;
  }
  return -1;
}

function endOfComment(text: string, start: number): number {
  let depth = 0;
  for (let index = start; index < text.length; index++) {
    if (text[index] === '\\') index++;
    else if (text[index] === '(') depth++;
    else if (text[index] === ')' && --depth === 0) return index + 1;
  }
  return -1;
}

/** Index after the closing bracket. A quoted local part may contain brackets, so it is skipped. */
function endOfAngle(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    const char = text[index];
    if (char === '>') return index + 1;
    if (char === '<') return -1;
    if (char !== '"') continue;
    const end = endOfQuote(text, index);
    if (end < 0) return -1;
    index = end - 1;
  }
  return -1;
}
