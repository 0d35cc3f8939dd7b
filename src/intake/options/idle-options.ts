/** Which of the options asked for have no effect in this version (`core/idle.ts`), by the names that the client knows. Pure. */
import { IDLE_OPTIONS, type Idle } from '#core';
import { decodeHeaderText, type HeadField } from '#mail';
import { HEADER_FORM_PREFIX, wasSentBefore } from './header-form.js';
import { optionName, optionOfField } from './read-option.js';
import { mergeRequested, type RequestedOptions } from './requested-options.js';

/** `no` asks for nothing. */
const asks = (value: RequestedOptions[keyof RequestedOptions]): boolean => value !== undefined && value !== false && value !== 'no';

export const idleOptions = (method: 'http' | 'smtp', asked: RequestedOptions): Idle[] =>
  IDLE_OPTIONS.filter(({ key }) => asks(asked[key])).map(({ name, why }) => ({ name: optionName(method, name), why }));

/** For a message that was not submitted yet. */
export function idleOptionsOf(head: readonly HeadField[]): Idle[] {
  if (wasSentBefore(head)) return [];
  const asked = head.reduce((known: RequestedOptions, { lowerName, value }) => {
    const rule = lowerName.startsWith(HEADER_FORM_PREFIX) ? optionOfField(lowerName.slice(HEADER_FORM_PREFIX.length)) : undefined;
    return mergeRequested(known, rule?.read(decodeHeaderText(value))?.options ?? {});
  }, {});
  return idleOptions('smtp', asked);
}
