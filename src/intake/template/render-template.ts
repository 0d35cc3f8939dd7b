/**
 * What a stored template makes of the variables of one message: its HTML, a plain text made of that, and header fields. In a batch whose variables
 * name values of the recipient the texts stay sources, which are rendered for each recipient when their message is sent.
 */
import { badRequest, cleanText, JsonProblem, type Merge, parseJson, Refusal } from '#core';
import type { ReadyTemplate } from '#directory';
import { type HeadField, hasPlaceholder, makeField, parseAddressList, TemplateError, textOfHtml } from '#mail';

export interface RenderedTemplate {
  html: string;
  /** Undefined when none was asked for. */
  text: string | undefined;
  /** Fields that the message lacks. */
  fields: HeadField[];
  /** The texts are sources. */
  merge?: Merge;
}

export interface TemplateFilling {
  userVariables: Record<string, unknown>;
  /** `t:variables`. */
  variables: Record<string, unknown> | undefined;
  wantsText: boolean;
  isBatch: boolean;
  /** Names of the fields that the message has, in lower case. */
  present: ReadonlySet<string>;
}

/** Refusal 400 that names the template and says what is wrong with it and these variables. */
export function renderTemplate(template: ReadyTemplate, filling: TemplateFilling): RenderedTemplate {
  const variables = templateVariables(filling.userVariables, filling.variables);
  const later = filling.isBatch && someText(variables, hasPlaceholder);
  try {
    const headers = template.headers.filter(({ name }) => !filling.present.has(name.toLowerCase()));
    const fields = headers.flatMap((header) => makeHeader(template.name, header.name, header.template.render(variables)));
    // A batch renders it again for each recipient; but a source that fails now would fail for every recipient.
    const html = template.html.render(variables);
    if (!later) return { html, text: filling.wantsText ? textOfHtml(html) : undefined, fields };
    const { source } = template;
    const merge: Merge = {
      templateVariables: variables,
      ...(filling.wantsText ? { textFromHtml: true } : {}),
      ...(headers.length > 0 ? { templateHeaders: headers.map(({ name, source }) => ({ name, source })) } : {}),
    };
    return { html: source, text: filling.wantsText ? source : undefined, fields, merge };
  } catch (error) {
    if (error instanceof TemplateError) throw cannotRender(template.name, error.message);
    throw error;
  }
}

/** No field when its text is empty. */
function makeHeader(template: string, name: string, text: string): HeadField[] {
  const value = text.trim();
  if (value === '') return [];
  if (name !== 'Subject' && !parseAddressList(value)?.length) throw cannotRender(template, `its ${name} is not a valid address`);
  try {
    return [makeField(name, value)];
  } catch (error) {
    if (error instanceof Refusal) throw cannotRender(template, error.publicText);
    throw error;
  }
}

const cannotRender = (template: string, reason: string): Refusal =>
  badRequest(`template '${cleanText(template)}' cannot be rendered: ${cleanText(reason)}`);

/**
 * What a template is rendered with: `t:variables`, and for names they lack the user variables (manual page "Send templates"). A user variable whose text
 * is JSON has the value of that JSON: a list, an object, true.
 */
export function templateVariables(
  userVariables: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const decoded = Object.entries(userVariables).map(([name, value]) => [name, typeof value === 'string' ? decode(value) : value]);
  return Object.fromEntries([...decoded, ...Object.entries(given)]);
}

/** A text becomes a number only when the number is written in the same way: `007` and `1.50` stay texts. So does JSON that is nested too deep. */
function decode(text: string): unknown {
  if (!/^\s*(?:[[{"]|-?\d|true\b|false\b|null\b)/.test(text)) return text;
  try {
    const value = parseJson(text);
    return typeof value === 'number' && String(value) !== text ? text : value;
  } catch (error) {
    if (error instanceof JsonProblem) return text;
    throw error;
  }
}

/** Values nested deeper are not looked at, because they are not filled either. */
const MAX_DEPTH = 32;

/** True when `holds` is true for a text within the value; keys are not looked at. */
function someText(value: unknown, holds: (text: string) => boolean, depth = 0): boolean {
  if (typeof value === 'string') return holds(value);
  if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH) return false;
  return Object.values(value).some((item) => someText(item, holds, depth + 1));
}
