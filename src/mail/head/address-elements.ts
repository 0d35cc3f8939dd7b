/**
 * Splits an address list (RFC 5322 3.4, unfolded) into elements, in linear time, without checking the addresses. People and programs often write
 * names without quotes. So everything before `<…>`, back to the separator after the previous address, is the name, and no word is lost.
 */
import { type AddressToken, addressTokens } from './address-tokens.js';
import { decodeHeaderText } from './encoded-words.js';

export interface AddressElement {
  /** Display name, encoded words decoded; `''` when there is none. */
  name: string;
  /** As written between the brackets or alone, without blanks around it; `''` if the words are no address. */
  address: string;
}

export interface AddressElements {
  /** A group is replaced by its members; its name is dropped. */
  elements: AddressElement[];
  /**
   * Strictly valid by RFC 5322, without anything that another reader could take for another address: no groups, no unquoted specials, only words in
   * comments.
   */
  isPlain: boolean;
}

/** The tokens of one element: from index `from` up to but not including `to`. `angle` is the index of its `<…>` token. */
interface Segment {
  kind: 'angled' | 'bare' | 'words' | 'empty';
  from: number;
  to: number;
  angle: number;
  /** How many groups began or ended before this element. */
  group: number;
}

/**
 * Undefined if the text can be read in two ways: two addresses in one element, words behind an address, an address among words, a source route, or
 * quotes, parentheses or brackets that are not closed. `Doe, Jane <j@x>` is one element. `Team: a@x, b@y;` is a group, but `Acme: Sales <s@x>` is
 * not.
 */
export function splitAddressList(text: string): AddressElements | undefined {
  const tokens = addressTokens(text);
  const split = tokens && splitTokens(text, tokens);
  if (tokens === undefined || split === undefined) return undefined;
  const elements: AddressElement[] = [];
  let { isPlain } = split;
  // From the last to the first, because the first words of a name belong to the element after them.
  for (let segment = split.segments.pop(); segment !== undefined; segment = split.segments.pop()) {
    if (hasName(tokens, segment)) {
      for (let before = split.segments.at(-1); before !== undefined; before = split.segments.at(-1)) {
        if (before.kind !== 'words' || before.group !== segment.group) break;
        segment.from = before.from;
        split.segments.pop();
      }
    }
    elements.push(readSegment(text, tokens, segment));
    isPlain &&= isPlainSegment(text, tokens, segment);
  }
  return { elements: elements.reverse(), isPlain };
}

const hasName = (tokens: readonly AddressToken[], { from, angle }: Segment): boolean =>
  tokens.slice(from, Math.max(from, angle)).some(({ kind }) => kind !== 'comment');

function splitTokens(text: string, tokens: readonly AddressToken[]): { segments: Segment[]; isPlain: boolean } | undefined {
  const bounds = groupBounds(tokens);
  const segments: Segment[] = [];
  let isPlain = !tokens.some(({ kind }) => kind === ';') && bounds.size === 0;
  let group = 0;
  let from = 0;
  for (let index = 0; index <= tokens.length; index++) {
    const kind = tokens[index]?.kind ?? ',';
    const isBound = bounds.has(index);
    if (kind === ',' || kind === ';') {
      const segment = segmentOf(text, tokens, from, index);
      if (segment === undefined) return undefined;
      if (segment.kind === 'empty') isPlain &&= tokens.length === 0;
      else segments.push({ ...segment, group });
    } else if (!isBound) continue;
    if (isBound) group++;
    from = index + 1;
  }
  return { segments, isPlain };
}

/**
 * A colon begins a group only if a semicolon follows later, and that semicolon is followed by a comma or the end. Any other colon is part of a name.
 */
function groupBounds(tokens: readonly AddressToken[]): ReadonlySet<number> {
  const bounds = new Set<number>();
  let colon = -1;
  for (const [index, { kind }] of tokens.entries()) {
    if (kind === ':' && colon < 0) colon = index;
    if (kind !== ';') continue;
    const next = tokens[index + 1]?.kind ?? ',';
    if (colon > 0 && next === ',') bounds.add(colon).add(index);
    colon = -1;
  }
  return bounds;
}

function segmentOf(text: string, tokens: readonly AddressToken[], from: number, to: number): Omit<Segment, 'group'> | undefined {
  let angle = -1;
  let words = 0;
  let isOneWord = true;
  let hasAt = false;
  let isAddressAmong = false;
  let end = -1;
  for (let index = from; index < to; index++) {
    const token = tokens[index] as AddressToken;
    if (token.kind === 'comment') continue;
    if (angle >= 0) return undefined;
    if (token.kind === 'angle') {
      if (text[token.start + 1] === '@') return undefined;
      angle = index;
      continue;
    }
    const isJoined = end === token.start;
    if (words++ > 0 && !isJoined) isOneWord = false;
    const at = token.kind === 'text' ? text.slice(token.start, token.end).indexOf('@') : -1;
    if (at >= 0) hasAt = true;
    if (at > 0 || (at === 0 && isJoined)) isAddressAmong = true;
    end = token.end;
  }
  const place = { from, to, angle };
  if (angle >= 0) return { kind: 'angled', ...place };
  if (words === 0) return { kind: 'empty', ...place };
  if (isOneWord && hasAt) return { kind: 'bare', ...place };
  return isAddressAmong ? undefined : { kind: 'words', ...place };
}

function readSegment(text: string, tokens: readonly AddressToken[], { kind, from, to, angle }: Segment): AddressElement {
  const own = tokens.slice(from, to);
  if (kind === 'words') return { name: nameOf(text, own), address: '' };
  if (kind === 'angled') {
    const { start, end } = tokens[angle] as AddressToken;
    const name = own.filter((token) => token.start !== start);
    return { name: nameOf(text, name), address: text.slice(start + 1, end - 1).trim() };
  }
  const [comments, words] = [own.filter((token) => token.kind === 'comment'), own.filter((token) => token.kind !== 'comment')];
  return { name: nameOf(text, comments), address: text.slice(words[0]?.start, words.at(-1)?.end) };
}

/**
 * A comment is the name only if there is nothing else. Quotes around the whole name are removed; quotes beside other words are kept, as in `Dwayne
 * "The Rock" Johnson`.
 */
function nameOf(text: string, tokens: readonly AddressToken[]): string {
  const onlyComments = tokens.every(({ kind }) => kind === 'comment');
  const onlyQuotes = tokens.every(({ kind }) => kind === 'comment' || kind === 'quote');
  let name = '';
  let end = tokens[0]?.start ?? 0;
  for (const token of tokens) {
    const between = text.slice(end, token.start);
    // If the address stands between two words of the name, a blank takes its place.
    name += between.trim() === '' ? between : ' ';
    const isInner = onlyComments || (onlyQuotes && token.kind === 'quote');
    name += isInner ? text.slice(token.start + 1, token.end - 1).replace(/\\(.)/g, '$1') : text.slice(token.start, token.end);
    end = token.end;
  }
  return decodeHeaderText(name);
}

// atext of RFC 5322 3.2.3, the dot of obs-phrase, and all characters beyond ASCII (RFC 6532).
const PHRASE_WORD = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.\u0080-\uffff]+$/;
const PLAIN_COMMENT = /^\([^"@<>(),:;\\]*\)$/;
const PLAIN_ANGLE = /^<(?:"[^"\\]*")?[^\s"]*>$/;

function isPlainSegment(text: string, tokens: readonly AddressToken[], { from, to, angle }: Segment): boolean {
  return tokens.slice(from, to).every(({ kind, start, end }) => {
    const source = text.slice(start, end);
    if (kind === 'comment') return PLAIN_COMMENT.test(source);
    if (kind === 'angle') return PLAIN_ANGLE.test(source);
    // A bare address is not checked here; the caller parses it.
    return kind === 'quote' || angle < 0 || PHRASE_WORD.test(source);
  });
}
