/** The filters of an events query: first as the texts that a client wrote and a page token carries, then as what the event log is asked for. Pure. */
import { badRequest, cleanText, parseAddress } from '#core';
import type { Form } from '#http';
import { EVENT_FIELDS, type EventFilter, type EventQuery } from '#store';
import { parseExpression } from './filter-expression.js';

type EventField = EventFilter['field'];
type EventExpression = EventFilter['expression'];

/** Fields and expressions; several of a field are combined with AND. */
export type EventFilters = readonly [field: EventField, expression: string][];

/** Characters of all expressions together: they travel in the URL of each page. */
const MAX_LENGTH = 2000;

/** Parameters of a query that are no filters. */
const OTHERS = ['begin', 'end', 'ascending', 'limit', 'pretty', 'page'];

const isField = (name: unknown): name is EventField => EVENT_FIELDS.some((field) => field === name);

/** `beside`: further parameters of the endpoint. Refusal 400 for a bad expression, and for an unknown filter: without it too much would be shown. */
export function readEventFilters(form: Form, beside: readonly string[] = []): EventFilters {
  const unknown = form.names().find((name) => !isField(name) && !OTHERS.includes(name) && !beside.includes(name));
  if (unknown !== undefined) throw badRequest(`unknown filter '${cleanText(unknown).slice(0, 60)}'; there are ${EVENT_FIELDS.join(', ')}`);
  const filters = EVENT_FIELDS.flatMap((field) => form.texts(field).map((text) => [field, text] as [EventField, string]));
  planFilters(filters);
  return filters;
}

/** True for what `readEventFilters` may have given. */
export const areEventFilters = (value: unknown): value is EventFilters =>
  Array.isArray(value) &&
  value.every((pair) => Array.isArray(pair) && pair.length === 2 && isField(pair[0]) && typeof pair[1] === 'string') &&
  value.reduce((sum, [, text]) => sum + text.length, 0) <= MAX_LENGTH;

/** What the log is asked for. Whole addresses and message ids are found by their indexes, everything else is compared event by event. Refusal 400. */
export function planFilters(filters: EventFilters): Pick<EventQuery, 'recipient' | 'messageId' | 'filters'> {
  if (!areEventFilters(filters)) throw badRequest(`Filters may have ${MAX_LENGTH} characters together`);
  const plan: { recipient?: string; messageId?: string; filters: EventFilter[] } = { filters: [] };
  for (const [field, text] of filters) {
    const plain = plainTerm(text);
    const recipient = field === 'recipient' && plain !== undefined ? parseAddress(plain, () => true) : undefined;
    if (recipient !== undefined && plan.recipient === undefined) plan.recipient = recipient;
    else if (field === 'message-id' && plain !== undefined && plan.messageId === undefined) plan.messageId = plain.replace(/^<|>$/g, '');
    else plan.filters.push({ field, expression: checked(field, parseExpression(field, text, field === 'size')) });
  }
  return plan;
}

/** The term of an expression that has no other, in upper and lower case as it was written; undefined for any other expression. */
function plainTerm(text: string): string | undefined {
  const term = text.trim().replace(/^"([^"\\]*)"$/, '$1');
  return /^[^\s()"]+$/.test(term) && !/^(?:AND|OR|NOT)$/.test(term) ? term : undefined;
}

const SEVERITIES = ['permanent', 'temporary'];

/** Writes terms in the form that events have them in. Refusal 400 for a severity that no event has. */
function checked(field: EventField, expression: EventExpression): EventExpression {
  if (expression.kind === 'and' || expression.kind === 'or')
    return { kind: expression.kind, of: expression.of.map((part) => checked(field, part)) };
  if (expression.kind === 'not') return { kind: 'not', of: checked(field, expression.of) };
  if (expression.kind !== 'term') return expression;
  if (field === 'severity' && !SEVERITIES.includes(expression.text))
    throw badRequest("'severity' filter must be made of 'permanent' and 'temporary'");
  return field === 'message-id' ? { ...expression, text: expression.text.replace(/^<|>$/g, '') } : expression;
}
