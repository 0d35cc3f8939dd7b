/** The filters of an events query (manual pages "Filter Field" and "Filter Expression"), as far as this version knows them. Pure. */
import { badRequest, cleanText, parseAddress } from '#core';
import type { EventQuery } from '#store';
import type { Form } from '../body/form.js';
import { notSupported } from '../error-answer.js';

export type EventFilters = Pick<EventQuery, 'events' | 'recipient' | 'messageId' | 'severity'>;

const LATER = ['list', 'attachment', 'from', 'subject', 'to', 'size', 'recipients', 'tags'];

/** Refusal 400 naming the filter: one of a later version, or an expression that is more than this version reads. */
export function readEventFilters(form: Form): EventFilters {
  const later = LATER.find((name) => form.text(name) !== undefined);
  if (later !== undefined) throw notSupported(later);
  return {
    events: readEvents(form.texts('event')),
    recipient: readRecipient(only(form, 'recipient')),
    messageId: only(form, 'message-id')?.replace(/^<|>$/g, ''),
    severity: readSeverity(only(form, 'severity')),
  };
}

/** Each value is a name or names joined by OR; values are combined with AND, so that only names in all of them are left. */
function readEvents(values: string[]): string[] | undefined {
  if (values.length === 0) return undefined;
  const alternatives = values.map((value) => {
    const names = value
      .trim()
      .replace(/^\((.*)\)$/, '$1')
      .split(/\sOR\s/)
      .map(unquote);
    if (!names.every((name) => /^[a-z_]+$/i.test(name)))
      throw badRequest(`'event' filter is not supported by this version: ${cleanText(value).slice(0, 100)}`);
    return names.map((name) => name.toLowerCase());
  });
  return [...new Set(alternatives[0])].filter((name) => alternatives.every((names) => names.includes(name)));
}

/** One plain or quoted value; the language of expressions comes later. */
function only(form: Form, name: string): string | undefined {
  const values = new Set(form.texts(name).map(unquote));
  const [value] = values;
  if (values.size > 1 || (value !== undefined && /["()]|\s/.test(value)))
    throw badRequest(`'${name}' filter takes one plain value in this version`);
  return value;
}

function readRecipient(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const address = parseAddress(text);
  if (address === undefined) throw badRequest("'recipient' filter takes a whole address in this version");
  return address;
}

function readSeverity(text: string | undefined): EventFilters['severity'] {
  const severity = text?.toLowerCase();
  if (severity === undefined || severity === 'permanent' || severity === 'temporary') return severity;
  throw badRequest("'severity' filter must be 'permanent' or 'temporary'");
}

const unquote = (text: string): string => text.trim().replace(/^"(.*)"$/, '$1');
