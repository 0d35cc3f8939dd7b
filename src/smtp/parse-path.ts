/**
 * Reads the argument of MAIL and RCPT (RFC 5321 4.1.2), and judges its parameters. The path is never rewritten: one that is no plain `local@domain`
 * gets a kind that says what it is. A parameter is taken if the reply to EHLO announced it, and refused otherwise, as it might change what should
 * happen.
 */
import { type Address, type LooseDots, parseAddress } from '#core';
import { makeReply, type Reply } from './reply.js';

export type EnvelopePath =
  | { kind: 'address'; address: Address /** Has characters beyond ASCII, so it needs SMTPUTF8 (RFC 6531 3.3). */; utf8: boolean }
  /** `<>`. */
  | { kind: 'null' }
  /** `<postmaster>` without a domain (RFC 5321 4.5.1). */
  | { kind: 'postmaster' }
  /** `<@relay.example:user@example.com>`. */
  | { kind: 'source-route' }
  /** `<user@[192.0.2.1]>`. */
  | { kind: 'literal' }
  | { kind: 'malformed' };

export interface PathArgument {
  path: EnvelopePath;
  /** Upper-case keyword → value, `''` for a keyword without one. */
  parameters: Map<string, string>;
}

const PARAMETER = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=([\x21-\x3c\x3e-\x7e]+))?$/;

export interface PathSyntax {
  /** `optional`: also `MAIL FROM:user@example.com`, as old devices have it. */
  brackets: 'needed' | 'optional';
  looseDots?: LooseDots;
}

/** Undefined if the line does not have the form `MAIL FROM:<…> parameters`, or names a parameter twice. */
export function parsePathArgument(verb: 'MAIL FROM' | 'RCPT TO', line: string, syntax: PathSyntax): PathArgument | undefined {
  const colon = line.indexOf(':');
  if (colon < 0 || line.slice(0, colon).trimEnd().replace(/ +/g, ' ').toUpperCase() !== verb) return undefined;
  const given = line.slice(colon + 1).trim();
  const argument = syntax.brackets === 'optional' ? withBrackets(given) : given;
  const end = endOfPath(argument);
  if (end < 0 || (end + 1 < argument.length && argument[end + 1] !== ' ')) return undefined;
  const parameters = new Map<string, string>();
  for (const word of argument.slice(end + 1).split(' ')) {
    if (word === '') continue;
    const match = PARAMETER.exec(word);
    const keyword = match?.[1]?.toUpperCase();
    if (keyword === undefined || parameters.has(keyword)) return undefined;
    parameters.set(keyword, match?.[2] ?? '');
  }
  return { path: readPath(argument.slice(1, end), syntax.looseDots), parameters };
}

/** Puts a first word with an at-sign into brackets, unless it has quotes or brackets of its own. */
function withBrackets(argument: string): string {
  const [word = ''] = argument.split(' ', 1);
  return word.includes('@') && !/[<>"]/.test(word) ? `<${word}>${argument.slice(word.length)}` : argument;
}

/** Index of the `>` that closes the `<` at the start, quoted strings skipped; -1 when there is none. */
function endOfPath(argument: string): number {
  if (argument[0] !== '<') return -1;
  let quoted = false;
  for (let index = 1; index < argument.length; index++) {
    const char = argument[index];
    if (quoted && char === '\\') index++;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && char === '<') return -1;
    else if (!quoted && char === '>') return index;
  }
  return -1;
}

function readPath(text: string, looseDots: LooseDots | undefined): EnvelopePath {
  if (text === '') return { kind: 'null' };
  if (text.startsWith('@')) return { kind: 'source-route' };
  if (text.toLowerCase() === 'postmaster') return { kind: 'postmaster' };
  if (/@\[[^[\]]*\]$/.test(text)) return { kind: 'literal' };
  const address = parseAddress(text, looseDots);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the ASCII range is what is asked
  return address === undefined ? { kind: 'malformed' } : { kind: 'address', address, utf8: !/^[\x00-\x7f]*$/.test(text) };
}

export interface MailParameters {
  /** The message uses SMTPUTF8 (RFC 6531). */
  utf8: boolean;
}

const isAnnounced = new Set(['SIZE', 'BODY', 'SMTPUTF8', 'AUTH']);

/**
 * A refusal, or what the parameters ask for. AUTH= is accepted and ignored, as RFC 4954 5 allows for clients that are not trusted to name others.
 */
export function decideMailParameters(parameters: Map<string, string>, maxBytes: number): Reply | MailParameters {
  for (const keyword of parameters.keys()) {
    if (!isAnnounced.has(keyword)) return makeReply(555, '5.5.4', 'parameter is not supported');
  }
  const size = parameters.get('SIZE');
  if (size !== undefined) {
    if (!/^\d{1,20}$/.test(size)) return makeReply(501, '5.5.4', 'bad SIZE');
    if (Number(size) > maxBytes) return makeReply(552, '5.3.4', `message exceeds the size limit of ${maxBytes} bytes`);
  }
  const body = parameters.get('BODY');
  if (body !== undefined && !/^(?:7BIT|8BITMIME)$/i.test(body)) return makeReply(501, '5.5.4', 'BODY is 7BIT or 8BITMIME');
  if ((parameters.get('SMTPUTF8') ?? '') !== '') return makeReply(501, '5.5.4', 'SMTPUTF8 takes no value');
  if (parameters.get('AUTH') === '') return makeReply(501, '5.5.4', 'AUTH needs a value');
  return { utf8: parameters.has('SMTPUTF8') };
}

/** RCPT has no parameters while DSN (RFC 3461) is not announced. */
export function decideRecipientParameters(parameters: Map<string, string>): Reply | undefined {
  return parameters.size === 0 ? undefined : makeReply(555, '5.5.4', 'parameter is not supported');
}
