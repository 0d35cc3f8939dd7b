/** Address headers and API address fields: read as a whole or not at all, and written so that they read back the same. */

import addressparser from 'nodemailer/lib/addressparser';
import { type Address, parseAddress } from '#core';
import { decodeHeaderText, encodePhrase, isPlainText } from './encoded-words.js';

export interface ParsedMailbox {
  /** Display name, encoded words decoded; `''` when there is none. */
  name: string;
  address: Address;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: line breaks and NUL never belong in an address list
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/**
 * Reads `Bob <bob@x.example>, "Doe, J." <j@x.example>, Team: a@x.example;` (RFC 5322 3.4; unfolded). Groups are
 * flattened, so the list may be empty. Gives undefined when any element is not a valid address, or there is a control character.
 */
export function parseAddressList(text: string): ParsedMailbox[] | undefined {
  if (CONTROL.test(text)) return undefined;
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
