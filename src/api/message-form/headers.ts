/** The `h:` parameters as header fields. Pure. */
import { badRequest, cleanText, parseDate } from '#core';
import type { Form } from '#http';
import { VARIABLES_HEADER } from './variables.js';

/** `h:` parameters that become no header field here. Return-Path is written by the final server (RFC 5321 4.4); frameworks send it with all their headers. */
const NOT_OURS = new Set([VARIABLES_HEADER, 'h:return-path', 'h:message-id']);

/** Every `h:` field but Message-Id. A folded value is unfolded; other line breaks are refused where the field is written. Refusal 400 for a bad date. */
export function readHeaders(form: Form): { name: string; value: string }[] {
  const names = form.names().filter((name) => name.startsWith('h:') && !NOT_OURS.has(name.toLowerCase()));
  return names.flatMap((parameter) =>
    form.texts(parameter).map((text) => {
      const value = text.replace(/\r?\n(?=[ \t])/g, '').trimEnd();
      if (parameter.toLowerCase() === 'h:date' && parseDate(value) === undefined)
        throw badRequest(`${cleanText(value.slice(0, 100))} is not an RFC-2822 compliant date (value of '${parameter}')`);
      return { name: parameter.slice(2), value };
    }),
  );
}

/** Without angle brackets; undefined when the sender gave none. Refusal 400. */
export function readMessageId(form: Form): string | undefined {
  const parameter = form.names().find((name) => name.toLowerCase() === 'h:message-id');
  const text = parameter === undefined ? undefined : form.text(parameter)?.trim();
  if (text === undefined || text === '') return undefined;
  const id = /^<?([\x21-\x3b\x3d\x3f-\x7e]{1,250})>?$/.exec(text)?.[1];
  if (id === undefined || !/^[^@]+@[^@]+$/.test(id)) throw badRequest(`'h:Message-Id' parameter is not a valid message id`);
  return id;
}
