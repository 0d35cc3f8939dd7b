/** Reads a filter expression (manual page "Filter Expression") in one pass over its text, with bounds on its length and depth. Pure. */
import { badRequest, cleanText } from '#core';
import type { EventFilter } from '#store';

type EventExpression = EventFilter['expression'];

/** Characters of an expression, parentheses in parentheses, and terms. */
const MAX_LENGTH = 1000;
const MAX_DEPTH = 20;
const MAX_TERMS = 100;

type Token = { kind: '(' | ')' | 'AND' | 'OR' | 'NOT' } | { kind: 'word' | 'quoted'; text: string };

/**
 * `foo bar`, `foo AND bar`, `foo OR bar`, `NOT foo`, `"foo bar"`, parentheses; AND binds closer than OR, and the words are in capitals. With
 * `isNumeric` terms are numbers, `>10000` or `<20000`. Refusal 400 that names the field.
 */
export function parseExpression(field: string, text: string, isNumeric = false): EventExpression {
  const refuse = (why: string) => badRequest(`'${field}' filter: ${why}: ${cleanText(text).slice(0, 100)}`);
  if (text.length > MAX_LENGTH) throw refuse(`longer than ${MAX_LENGTH} characters`);
  const tokens = readTokens(text);
  if (tokens === undefined) throw refuse('a quote that does not end');
  let at = 0;
  let terms = 0;

  const next = () => tokens[at]?.kind;

  function readOr(depth: number): EventExpression {
    const parts = [readAnd(depth)];
    while (next() === 'OR') {
      at++;
      parts.push(readAnd(depth));
    }
    return join('or', parts);
  }

  function readAnd(depth: number): EventExpression {
    const parts = [readNot(depth)];
    for (let kind = next(); kind !== undefined && kind !== 'OR' && kind !== ')'; kind = next()) {
      if (kind === 'AND') at++;
      parts.push(readNot(depth));
    }
    return join('and', parts);
  }

  function readNot(depth: number): EventExpression {
    let isNegated = false;
    for (; next() === 'NOT'; at++) isNegated = !isNegated;
    const of = readOne(depth);
    return isNegated ? { kind: 'not', of } : of;
  }

  function readOne(depth: number): EventExpression {
    const token = tokens?.[at++];
    if (token?.kind === '(') {
      if (depth === MAX_DEPTH) throw refuse(`more than ${MAX_DEPTH} parentheses in one another`);
      const inner = readOr(depth + 1);
      if (next() !== ')') throw refuse('a parenthesis that does not end');
      at++;
      return inner;
    }
    if (token === undefined || !('text' in token)) throw refuse('a term is missing');
    if (++terms > MAX_TERMS) throw refuse(`more than ${MAX_TERMS} terms`);
    return isNumeric ? readNumber(token.text) : { kind: 'term', text: token.text.toLowerCase(), isLiteral: token.kind === 'quoted' };
  }

  function readNumber(term: string): EventExpression {
    const [, sign, digits] = /^([<>]?)(\d{1,15})$/.exec(term) ?? [];
    if (digits === undefined) throw refuse('expecting a number, >number or <number');
    if (sign === '') return { kind: 'term', text: String(Number(digits)), isLiteral: true };
    return { kind: sign === '>' ? 'above' : 'below', limit: Number(digits) };
  }

  const expression = readOr(0);
  if (at < tokens.length) throw refuse('a parenthesis that does not begin');
  return expression;
}

const join = (kind: 'and' | 'or', parts: EventExpression[]): EventExpression =>
  parts.length === 1 && parts[0] ? parts[0] : { kind, of: parts };

const OPERATORS = new Set(['AND', 'OR', 'NOT']);
const TOKEN = /\s+|([()])|"((?:[^"\\]|\\.)*)"|([^\s()"]+)|"/gs;

/** Undefined when a quote does not end. */
function readTokens(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  for (const [all, parenthesis, quoted, word] of text.matchAll(TOKEN)) {
    if (parenthesis !== undefined) tokens.push({ kind: parenthesis as '(' | ')' });
    else if (quoted !== undefined) tokens.push({ kind: 'quoted', text: quoted.replace(/\\(.)/gs, '$1') });
    else if (word !== undefined) tokens.push(OPERATORS.has(word) ? { kind: word as 'AND' } : { kind: 'word', text: word });
    else if (all === '"') return undefined;
  }
  return tokens;
}
