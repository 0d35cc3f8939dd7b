/**
 * What a stored template makes of the variables of one message: its HTML, a plain text made of that, and header fields. In a batch whose variables
 * name values of the recipient the texts stay sources, which are rendered for each recipient when their message is sent.
 */
import { badRequest, cleanText, type Merge, Refusal } from '#core';
import type { ReadyTemplate } from '#directory';
import { type HeadField, hasPlaceholder, makeField, parseAddressList, TemplateError, textOfHtml } from '#mail';
import { someText, templateVariables } from './template-variables.js';

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
    // Also when it is rendered later: a source that fails without the recipient's values would fail for everybody.
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

/** A field that comes to nothing is left out. */
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
