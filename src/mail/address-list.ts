/** Address headers and API address fields: read as a whole or not at all, and written so that they read back the same. */

import addressparser from 'nodemailer/lib/addressparser';
import { type Address, parseAddress } from '#core';
import { decodeHeaderText, encodePhrase, isPlainText } from './encoded-words.js';

export interface ParsedMailbox {
  /** Display name, encoded words decoded; `''` when there is none. */
  name: string;
  address: Address;
}

/** `Bob Smith <bob@x.example>` or `bob@x.example`, which most lists are: nothing in it can be read in two ways. */
const SIMPLE = /^(?:([A-Za-z0-9]+(?: [A-Za-z0-9]+)*) <([\w.+-]+@[\w.-]+)>|([\w.+-]+@[\w.-]+))$/;
const MAX_SIMPLE = 500;

// biome-ignore lint/suspicious/noControlCharactersInRegex: line breaks and NUL never belong in an address list
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/**
 * Reads `Bob <bob@x.example>, "Doe, J." <j@x.example>, Team: a@x.example;` (RFC 5322 3.4; unfolded). Groups are
 * flattened, so the list may be empty. Gives undefined when any element is not one valid address with at most a name
 * before it, so that no text reads as another recipient than a stricter program would see, or there is a control character.
 */
export function parseAddressList(text: string): ParsedMailbox[] | undefined {
  const [, name = '', angled, bare = ''] = (text.length <= MAX_SIMPLE && SIMPLE.exec(text)) || [];
  const simple = parseAddress(angled ?? bare);
  if (simple !== undefined) return [{ name, address: simple }];
  if (CONTROL.test(text) || !hasListShape(text)) return undefined;
  const mailboxes: ParsedMailbox[] = [];
  for (const entry of addressparser(text, { flatten: true })) {
    const address = parseAddress(entry.address);
    if (address === undefined) return undefined;
    mailboxes.push({ name: decodeHeaderText(entry.name), address });
  }
  return mailboxes;
}

/** `name <address>` for a header: quoted or as encoded words where needed, the bare address without a name. Not folded. */
export function formatMailbox(mailbox: { name: string; address: string }): string {
  if (mailbox.name === '') return mailbox.address;
  return `${formatName(mailbox.name)} <${mailbox.address}>`;
}

function formatName(name: string): string {
  if (/^[A-Za-z0-9 ]+$/.test(name) && name.trim() === name) return name;
  if (!isPlainText(name) || name.includes('\t') || name.includes('=?')) return encodePhrase(name);
  return `"${name.replace(/["\\]/g, '\\$&')}"`;
}

/**
 * True when every element is `words <address>`, one word, or nothing; comments anywhere. The library reads more than
 * that: of `a@x b@y` or `<a@x> <b@y>` it takes one address and makes the other a name. Words without an address are left
 * to it: `Doe, Jane <jane@x>` is one mailbox, and what stays a name alone has no address to be accepted for.
 */
function hasListShape(text: string): boolean {
  let words = 0;
  let inWord = false;
  let sawAngle = false;
  let sawAt = false;
  for (let index = 0; index < text.length; index++) {
    const char = text[index] as string;
    if (/\s/.test(char)) inWord = false;
    else if (char === '(') {
      index = endOfComment(text, index);
      inWord = false;
    } else if (char === '<') {
      if (sawAngle || text[index + 1] === '@') return false; // a source route (RFC 5321 appendix F.2) names another host
      index = endOfAngle(text, index);
      sawAngle = true;
      inWord = false;
    } else if (char === ',' || char === ';' || char === ':') {
      if (!sawAngle && words > 1 && sawAt) return false;
      words = 0;
      inWord = false;
      sawAngle = false;
      sawAt = false;
    } else {
      if (sawAngle) return false;
      if (char === '"') index = endOfQuote(text, index);
      else if (char === '@') sawAt = true;
      if (!inWord) words++;
      inWord = true;
    }
    if (index < 0) return false;
  }
  return sawAngle || words <= 1 || !sawAt;
}

/** Each gives the index of the closing character, or -2 when it never comes. */
function endOfQuote(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    if (text[index] === '\\') index++;
    else if (text[index] === '"') return index;
  }
  return -2;
}

function endOfComment(text: string, start: number): number {
  let depth = 0;
  for (let index = start; index < text.length; index++) {
    if (text[index] === '\\') index++;
    else if (text[index] === '(') depth++;
    else if (text[index] === ')' && --depth === 0) return index;
  }
  return -2;
}

function endOfAngle(text: string, start: number): number {
  for (let index = start + 1; index >= 0 && index < text.length; index++) {
    if (text[index] === '"') index = endOfQuote(text, index);
    else if (text[index] === '>') return index;
    else if (text[index] === '<') return -2;
  }
  return -2;
}
