/** Reads address headers and the address fields of the API, as a whole or not at all. Writes them in a form that reads back the same. */
import { type Address, type LooseDots, parseAddress } from '#core';
import { splitAddressList } from './address-elements.js';
import { encodePhrase, isPlainText } from './encoded-words.js';

export interface ParsedMailbox {
  /** Display name, encoded words decoded; `''` when there is none. */
  name: string;
  address: Address;
}

export interface ParsedAddressList {
  mailboxes: ParsedMailbox[];
  /** Strictly valid by RFC 5322, so that every reader sees the same addresses in it. */
  isPlain: boolean;
}

/** `Bob Smith <bob@x.example>` or `bob@x.example`: most lists are like this, and nothing in them can be read in two ways. */
const SIMPLE = /^(?:([A-Za-z0-9]+(?: [A-Za-z0-9]+)*) <([\w.+-]+@[\w.-]+)>|([\w.+-]+@[\w.-]+))$/;
const MAX_SIMPLE = 500;

// biome-ignore lint/suspicious/noControlCharactersInRegex: line breaks and NUL never belong in an address list
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;
/** Some readers decode before they parse, and would then see another address. */
const ENCODED_WORD = /=\?[^?\s]*\?[BbQq]\?/;

/** The mailboxes that `readAddressList` gives. */
export const parseAddressList = (text: string, looseDots?: LooseDots): ParsedMailbox[] | undefined =>
  readAddressList(text, looseDots)?.mailboxes;

/**
 * Reads `Bob <bob@x.example>, "Doe, J." <j@x.example>, Team: a@x.example;` (RFC 5322 3.4; unfolded). Groups are flattened, so the list may be empty.
 * Names may hold any specials, quoted or not. Undefined if an element is not exactly one valid address with at most a name, or if there is a control
 * character: no text may give recipients that a stricter program would not see. `looseDots` is passed to `parseAddress`.
 */
export function readAddressList(text: string, looseDots?: LooseDots): ParsedAddressList | undefined {
  const [, name = '', angled, bare = ''] = (text.length <= MAX_SIMPLE && SIMPLE.exec(text)) || [];
  const simple = parseAddress(angled ?? bare, looseDots);
  if (simple !== undefined) return { mailboxes: [{ name, address: simple }], isPlain: true };
  const list = CONTROL.test(text) ? undefined : splitAddressList(text);
  if (list === undefined) return undefined;
  const mailboxes: ParsedMailbox[] = [];
  for (const element of list.elements) {
    const address = ENCODED_WORD.test(element.address) ? undefined : parseAddress(element.address, looseDots);
    if (address === undefined) return undefined;
    mailboxes.push({ name: element.name, address });
  }
  return { mailboxes, isPlain: list.isPlain };
}

/** `name <address>, …` for a header; see `formatMailbox`. */
export const formatAddressList = (mailboxes: readonly ParsedMailbox[]): string => mailboxes.map(formatMailbox).join(', ');

/**
 * `name <address>` for a header. The name is quoted or written as encoded words where needed; without a name only the address is written. Not
 * folded.
 */
export function formatMailbox(mailbox: { name: string; address: string }): string {
  if (mailbox.name === '') return mailbox.address;
  return `${formatName(mailbox.name)} <${mailbox.address}>`;
}

function formatName(name: string): string {
  if (/^[A-Za-z0-9 ]+$/.test(name) && name.trim() === name) return name;
  if (!isPlainText(name) || name.includes('\t') || name.includes('=?')) return encodePhrase(name);
  return `"${name.replace(/["\\]/g, '\\$&')}"`;
}
