/**
 * Tests whether an event matches a filter expression of a field (manual pages "Filter Field" and "Filter Expression"). Pure; runs in the thread that
 * reads the events.
 */

export const EVENT_FIELDS = [
  'event',
  'severity',
  'recipient',
  'message-id',
  'list',
  'attachment',
  'from',
  'subject',
  'to',
  'size',
  'recipients',
  'tags',
] as const;
export type EventField = (typeof EVENT_FIELDS)[number];

export type EventExpression =
  /** A term in lower case. `isLiteral`: it was in quotes and may match any part of a value. */
  | { kind: 'term'; text: string; isLiteral: boolean }
  | { kind: 'above' | 'below'; limit: number }
  | { kind: 'not'; of: EventExpression }
  | { kind: 'and' | 'or'; of: EventExpression[] };

export interface EventFilter {
  field: EventField;
  expression: EventExpression;
}

/** The name and severity of an event. They are known before the event is read. */
export interface StreamFacts {
  event: string;
  severity: string;
}

const ofStream = (filter: EventFilter) => filter.field === 'event' || filter.field === 'severity';

export const streamMatches = (filters: readonly EventFilter[], facts: StreamFacts): boolean =>
  filters.filter(ofStream).every(({ field, expression }) => holds(expression, field, [field === 'event' ? facts.event : facts.severity]));

/** The filters that need the event itself. */
export const bodyFilters = (filters: readonly EventFilter[]): EventFilter[] => filters.filter((filter) => !ofStream(filter));

/** `body`: the event's JSON. */
export function bodyMatches(filters: readonly EventFilter[], body: string): boolean {
  const event = JSON.parse(body) as EventJson;
  return filters.every(({ field, expression }) => holds(expression, field, valuesOf(event, field)));
}

interface EventJson {
  event?: string;
  severity?: string;
  recipient?: string;
  tags?: string[];
  message?: {
    headers?: Record<string, string>;
    attachments?: { filename: string }[];
    size?: number;
    recipients?: string[];
  };
  'mailing-list'?: { address?: string };
}

function valuesOf(event: EventJson, field: EventField): (string | number | undefined)[] {
  const { message = {} } = event;
  switch (field) {
    case 'event':
    case 'severity':
    case 'recipient':
      return [event[field]];
    case 'tags':
      return event.tags ?? [];
    case 'recipients':
      return message.recipients ?? [];
    case 'attachment':
      return (message.attachments ?? []).map(({ filename }) => filename);
    case 'size':
      return [message.size];
    case 'list':
      return [event['mailing-list']?.address];
    default:
      return [message.headers?.[field]];
  }
}

function holds(expression: EventExpression, field: EventField, values: readonly (string | number | undefined)[]): boolean {
  switch (expression.kind) {
    case 'and':
      return expression.of.every((part) => holds(part, field, values));
    case 'or':
      return expression.of.some((part) => holds(part, field, values));
    case 'not':
      return !holds(expression.of, field, values);
    case 'above':
      return values.some((value) => typeof value === 'number' && value > expression.limit);
    case 'below':
      return values.some((value) => typeof value === 'number' && value < expression.limit);
    case 'term':
      return values.some((value) => value !== undefined && matches(field, String(value).toLowerCase(), expression));
  }
}

/**
 * Characters of a word: letters and digits, and in addresses also the other characters of a local part. A term must begin and end where a word does.
 */
const IN_WORD = /[\p{L}\p{N}]/u;
const IN_ADDRESS = /[\p{L}\p{N}._%+-]/u;
const IN_TAG = /\S/;

function matches(field: EventField, value: string, { text, isLiteral }: { text: string; isLiteral: boolean }): boolean {
  if (field === 'event' || field === 'severity' || field === 'message-id' || field === 'size') return value === text;
  if (field === 'tags') return value === text || (!isLiteral && contains(value, text, IN_TAG));
  return isLiteral ? value.includes(text) : contains(value, text, text.includes('@') ? IN_ADDRESS : IN_WORD);
}

/** Searches the term as whole words: where the term begins or ends with a character of a word, the value must not go on with one. */
function contains(value: string, term: string, inWord: RegExp): boolean {
  const [opens, closes] = [inWord.test(term.charAt(0)), inWord.test(term.charAt(term.length - 1))];
  for (let at = value.indexOf(term); at >= 0; at = value.indexOf(term, at + 1)) {
    const end = at + term.length;
    const isCut =
      (opens && at > 0 && inWord.test(value.charAt(at - 1))) || (closes && end < value.length && inWord.test(value.charAt(end)));
    if (!isCut) return true;
  }
  return false;
}
