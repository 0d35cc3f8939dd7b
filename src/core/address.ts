import { domainToASCII } from 'node:url';

/**
 * A mailbox address `local@domain` that passed `parseAddress`: the domain is lower-case ASCII (A-labels), the local
 * part is as given, there is no display name, comment, source route or control character.
 */
export type Address = string & { readonly __address: unique symbol };

/** The envelope sender: an address, or `''` for the null sender of bounces (RFC 5321 4.5.5). */
export type ReversePath = Address | '';

const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const DOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
const NUMERIC_LAST_LABEL = /(?:^|\.)\d+$/;
// atext of RFC 5322 3.2.3, and anything beyond ASCII that is not a separator or a control (RFC 6532).
const ATOM =
  "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\-\\u{A1}-\\u{1FFF}\\u{2010}-\\u{2027}\\u{202F}-\\u{205E}\\u{2070}-\\u{D7FF}\\u{F900}-\\u{FEFE}\\u{FF01}-\\u{FFEF}\\u{10000}-\\u{EFFFD}]";
const DOT_ATOM = new RegExp(`^${ATOM}+(?:\\.${ATOM}+)*$`, 'u');
const LOOSE = new RegExp(`^(?:${ATOM}|\\.)+$`, 'u');
const QUOTED = /^"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"$/;

/**
 * Lower-cases and converts a domain name to ASCII. Gives undefined for anything that is not a host name: literals,
 * a trailing dot, empty or over-long labels, more than 253 octets, an all-numeric last label.
 */
export function parseDomain(text: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the ASCII range is what is asked
  const ascii = /^[\x00-\x7f]*$/.test(text) ? text.toLowerCase() : domainToASCII(text);
  if (ascii.length === 0 || ascii.length > 253 || !DOMAIN.test(ascii) || NUMERIC_LAST_LABEL.test(ascii)) return undefined;
  return ascii;
}

/** True when the owner of this domain gives out local parts with dots anywhere, like `a..b` and `a.`. */
export type LooseDots = (domain: string) => boolean;

/**
 * Reads one bare `local@domain` (RFC 5321 4.1.2, RFC 6531). Gives undefined when it is anything else. A local part with loose dots is taken where
 * `looseDots` says so, and comes back in quotes, as the standard has it.
 */
export function parseAddress(text: string, looseDots?: LooseDots): Address | undefined {
  const at = text.lastIndexOf('@');
  if (at < 1 || Buffer.byteLength(text) > 320) return undefined;
  const local = text.slice(0, at);
  const isLegal = DOT_ATOM.test(local) || QUOTED.test(local);
  if (Buffer.byteLength(local) > 64 || !(isLegal || (looseDots !== undefined && LOOSE.test(local)))) return undefined;
  const domain = parseDomain(text.slice(at + 1));
  if (domain === undefined || !(isLegal || looseDots?.(domain))) return undefined;
  return (isLegal ? `${local}@${domain}` : `"${local}"@${domain}`) as Address;
}

export const domainOf = (address: Address): string => address.slice(address.lastIndexOf('@') + 1);

/** True when the local part holds bytes that need SMTPUTF8 (RFC 6531). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the ASCII range is what is asked
export const needsSmtpUtf8 = (address: string): boolean => !/^[\x00-\x7f]*$/.test(address);
