/**
 * The one reader of HTML: reports tags and texts in order, without building a tree. It tracks the open elements itself, in bounded numbers, so that
 * its time depends only on the length of the text, even if tags are unclosed, closed twice or deeply nested. Pure.
 */
import { Tokenizer, type TokenizerCallbacks } from 'htmlparser2';

export interface HtmlLimits {
  /** How deep elements may be nested. Mail programs and browsers stop at 512, too. */
  depth: number;
  /** Opening and closing tags together. */
  tags: number;
}

export const HTML_LIMITS: HtmlLimits = { depth: 512, tags: 100_000 };

/** A range of the text: `html.slice(start, end)`. */
export interface Place {
  start: number;
  end: number;
}

/** Names are in lower case. An element without an end tag is closed where another tag implies its end, or at the end of the text. */
export interface HtmlHandler {
  /** Entities in attribute values are decoded. If an attribute is repeated, the first one counts. */
  open?(name: string, attributes: Readonly<Record<string, string>>, place: Place): void;
  /** `place` is the end tag. If another tag implies the end, `place` is the empty range where that tag begins. */
  close?(name: string, place: Place): void;
  /** A piece of a text, with entities decoded. */
  text?(data: string): void;
}

const NEVER_OPEN = new Set(
  'area base basefont br col command embed frame hr img input isindex keygen link meta param source track wbr'.split(' '),
);
/** Which open element ends without an end tag when a given element begins right after it (HTML 13.1.2.4). */
const ENDS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({ p: 'p', li: 'li', dt: 'dt dd', dd: 'dt dd', td: 'td th', th: 'td th', tr: 'td th tr', option: 'option' }).map(
    ([name, ended]) => [name, new Set(ended.split(' '))] as const,
  ),
);

/** Gives how much of the text was read: all of it, or everything before the first tag over the limit. */
export function readHtml(html: string, handler: HtmlHandler, limits: HtmlLimits = HTML_LIMITS): number {
  return new Reader(html, handler, limits).read();
}

class Reader implements TokenizerCallbacks {
  readonly #tokenizer: Tokenizer;
  readonly #open: string[] = [];
  /** How many elements of each name are open, so that a stray end tag is found without a search. */
  readonly #counts = new Map<string, number>();
  #tags = 0;
  #stoppedAt: number | undefined;
  #name = '';
  #start = 0;
  #attributes: Record<string, string> = {};
  #attributeName = '';
  #attributeValue = '';

  constructor(
    private readonly html: string,
    private readonly handler: HtmlHandler,
    private readonly limits: HtmlLimits,
  ) {
    this.#tokenizer = new Tokenizer({}, this);
  }

  read(): number {
    this.#tokenizer.write(this.html);
    if (this.#stoppedAt === undefined) this.#tokenizer.end();
    return this.#stoppedAt ?? this.html.length;
  }

  ontext(start: number, end: number): void {
    this.handler.text?.(this.html.slice(start, end));
  }

  ontextentity(codePoint: number): void {
    this.handler.text?.(String.fromCodePoint(codePoint));
  }

  onopentagname(start: number, end: number): void {
    this.#name = this.html.slice(start, end).toLowerCase();
    this.#start = start - 1;
    this.#attributes = {};
    if (this.#tags++ >= this.limits.tags) this.#stop(this.#start);
  }

  onattribname(start: number, end: number): void {
    this.#attributeName = this.html.slice(start, end).toLowerCase();
    this.#attributeValue = '';
  }

  onattribdata(start: number, end: number): void {
    this.#attributeValue += this.html.slice(start, end);
  }

  onattribentity(codePoint: number): void {
    this.#attributeValue += String.fromCodePoint(codePoint);
  }

  onattribend(): void {
    if (!Object.hasOwn(this.#attributes, this.#attributeName)) this.#attributes[this.#attributeName] = this.#attributeValue;
  }

  onopentagend(end: number): void {
    const name = this.#name;
    const ended = ENDS.get(name);
    for (let last = this.#open.at(-1); last !== undefined && ended?.has(last); last = this.#open.at(-1)) this.#closeLast(this.#start);
    if (!NEVER_OPEN.has(name)) {
      if (this.#open.length >= this.limits.depth) {
        this.#stop(this.#start);
        return;
      }
      this.#open.push(name);
      this.#counts.set(name, this.#countOf(name) + 1);
    }
    this.handler.open?.(name, this.#attributes, { start: this.#start, end: end + 1 });
    if (NEVER_OPEN.has(name)) this.handler.close?.(name, { start: end + 1, end: end + 1 });
  }

  /** Only elements of drawings (SVG) and formulas (MathML) can close themselves. */
  onselfclosingtag(end: number): void {
    const isDrawn = this.#countOf('svg') > 0 || this.#countOf('math') > 0;
    this.onopentagend(end);
    if (isDrawn && this.#stoppedAt === undefined && !NEVER_OPEN.has(this.#name)) this.#closeLast(end + 1);
  }

  onclosetag(start: number, nameEnd: number): void {
    const name = this.html.slice(start, nameEnd).toLowerCase();
    if (this.#tags++ >= this.limits.tags) this.#stop(start - 2);
    if (this.#stoppedAt !== undefined || this.#countOf(name) === 0) return;
    while (this.#open.at(-1) !== name) this.#closeLast(start - 2);
    const end = this.html.indexOf('>', nameEnd);
    this.#closeLast(start - 2, end < 0 ? this.html.length : end + 1);
  }

  onend(): void {
    while (this.#open.length > 0) this.#closeLast(this.html.length);
  }

  oncdata(): void {}
  oncomment(): void {}
  ondeclaration(): void {}
  onprocessinginstruction(): void {}

  #countOf(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  #closeLast(start: number, end = start): void {
    const name = this.#open.pop();
    if (name === undefined) return;
    this.#counts.set(name, this.#countOf(name) - 1);
    this.handler.close?.(name, { start, end });
  }

  #stop(at: number): void {
    this.#stoppedAt ??= at;
    this.#tokenizer.pause();
  }
}
