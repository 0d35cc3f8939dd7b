/** Reads one option that a client gave, by its parameter or by its X-Mailgun field, and adds it to what is known. Pure. */
import { badRequest, cleanText } from '#core';
import { OPTION_TABLE, type OptionRule } from './option-table.js';
import { mergeRequested, type RequestedOptions } from './requested-options.js';

/** All that was asked so far. */
export interface Asked {
  options: RequestedOptions;
  /** In the order they came; tags that differ only in case are one. */
  tags: string[];
}

const BY_NAME = new Map(OPTION_TABLE.map((rule) => [rule.name, rule]));
const BY_FIELD = new Map(OPTION_TABLE.map((rule) => [rule.field.toLowerCase(), rule]));

/** `name` with its `o:`, in any case. Undefined for one that is no option. */
export const optionOfParameter = (name: string): OptionRule | undefined => BY_NAME.get(name.slice(2).toLowerCase());

/** `name`: the field's, in lower case, without `x-mailgun-`. */
export const optionOfField = (name: string): OptionRule | undefined => BY_FIELD.get(name);

/** A bad value as it is told to who sent it, over SMTP too: short and ASCII. */
const shown = (value: string) => cleanText(value.slice(0, 100)).replace(/[^\x20-\x7e]/g, '?');

/** An option that was asked before wins. Refusal 400 naming the option as the client called it. */
export function readOption(asked: Asked, rule: OptionRule, name: string, value: string): Asked {
  const read = rule.read(value);
  if (read === undefined) throw badRequest(rule.complain(name, shown(value)));
  return {
    options: read.options === undefined ? asked.options : mergeRequested(asked.options, read.options),
    tags: read.tag === undefined ? asked.tags : addTag(asked.tags, read.tag),
  };
}

function addTag(tags: string[], tag: string): string[] {
  const isKnown = tags.some((known) => known.toLowerCase() === tag.toLowerCase());
  return isKnown ? tags : [...tags, tag];
}

/** The name of an option in a refusal: the one that clients of that protocol use. */
export function optionName(method: 'http' | 'smtp', name: string): string {
  const rule = BY_NAME.get(name);
  return method === 'http' || rule === undefined ? `o:${name}` : `X-Mailgun-${rule.field}`;
}
