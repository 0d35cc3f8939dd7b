/**
 * The facts that lint rules look at: the head, the text parts, and what their HTML contains. They are collected in bounded memory while the body
 * streams by.
 */
import { IDLE_PLACEHOLDER } from '#core';
import type { HeadField } from '../head/head-fields.js';
import { dispositionOf, type MimePart } from '../mime/mime-part.js';
import { type MimeSink, makeMimeWalker } from '../mime/mime-walker.js';
import { textOfPart } from '../mime/part-text.js';
import { type HtmlFacts, htmlFactsOf } from './html-facts.js';

const LF = 0x0a;
/** Only so much of a text part is looked at, bytes as they are encoded. */
const MAX_TEXT = 2 * 1024 * 1024;
const MAX_TEXTS = 20;
const LINK = /https?:\/\/[^\s<>"]+/gi;

export interface Outline {
  head: readonly HeadField[];
  /** Bytes of head, empty line and body. */
  size: number;
  /** Octets of the longest line of the body, without its line end. */
  longestLine: number;
  /** Types of the text parts that a reader is shown: `text/plain`, `text/html`, …. */
  types: ReadonlySet<string>;
  /** Bytes of the largest HTML part, decoded. */
  htmlSize: number;
  html: HtmlFacts;
  /** Characters of the longest link in HTML and plain texts. */
  longestLink: number;
  /** Placeholders that are never replaced, in lower case, each once. */
  idlePlaceholders: readonly string[];
}

/** `body` is in wire form. Rejects only when reading it fails. */
export async function outlineMessage(head: readonly HeadField[], body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Outline> {
  const texts = new TextSink();
  const walker = makeMimeWalker(head, texts, { openMessages: false });
  let size = head.reduce((sum, field) => sum + field.raw.length, 2);
  let line = 0;
  let longestLine = 0;
  for await (const chunk of body) {
    size += chunk.length;
    walker.push(chunk);
    for (let start = 0; start < chunk.length; ) {
      const lineFeed = chunk.indexOf(LF, start);
      const end = lineFeed < 0 ? chunk.length : lineFeed;
      line += end - start;
      // The CR before the line feed does not count.
      longestLine = Math.max(longestLine, lineFeed < 0 ? line : line - 1);
      if (lineFeed >= 0) line = 0;
      start = end + 1;
    }
  }
  walker.end();
  const sources = texts.found.filter(({ type }) => type === 'text/html');
  const html = htmlFactsOf(sources.map(({ text }) => text));
  const plainLinks = texts.found.flatMap(({ type, text }) => (type === 'text/plain' ? (text.match(LINK) ?? []) : []));
  return {
    head,
    size,
    longestLine,
    types: new Set(texts.found.map(({ type }) => type)),
    htmlSize: Math.max(0, ...sources.map(({ text }) => Buffer.byteLength(text))),
    html,
    longestLink: plainLinks.reduce((longest, link) => Math.max(longest, link.length), html.longestLink),
    idlePlaceholders: placeholdersIn([...head.map(({ value }) => value), ...texts.found.map(({ text }) => text)]),
  };
}

const placeholdersIn = (texts: readonly string[]): string[] => [
  ...new Set(texts.flatMap((text) => text.match(IDLE_PLACEHOLDER) ?? []).map((name) => name.toLowerCase())),
];

class TextSink implements MimeSink {
  readonly found: { type: string; text: string }[] = [];
  #part: MimePart | undefined;
  #content: Uint8Array[] = [];
  #size = 0;

  start(part: MimePart): void {
    const isShown = part.kind === 'leaf' && part.contentType.startsWith('text/') && dispositionOf(part) !== 'attachment';
    this.#part = isShown && this.found.length < MAX_TEXTS ? part : undefined;
    this.#content = [];
    this.#size = 0;
  }

  content(bytes: Uint8Array): void {
    if (this.#part === undefined || this.#size > MAX_TEXT) return;
    this.#content.push(Buffer.from(bytes));
    this.#size += bytes.length;
  }

  finish(): void {
    if (this.#part === undefined) return;
    this.found.push({ type: this.#part.contentType, text: textOfPart(this.#part, Buffer.concat(this.#content)) });
    this.#part = undefined;
  }

  delimiter(): void {}
  filler(): void {}
}
