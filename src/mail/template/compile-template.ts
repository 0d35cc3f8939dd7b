/**
 * Handlebars templates as Mailgun has them: lookups and the block helpers `if`, `unless`, `each`, `with` and `equal`, nothing else. The library only
 * parses the source. Checking and rendering is our own code, because a compiled template of a stranger could not be stopped once it runs.
 */
import { readTemplate } from './read-template.js';
import { renderNodes } from './render-nodes.js';
import { templateLimits } from './template-limits.js';

export interface Template {
  /**
   * A missing value renders as nothing. `variables` are plain data, as in JSON. Throws TemplateError if rendering needs more steps, or gives more
   * text, than `templateLimits` allow.
   */
  render(variables: Record<string, unknown>): string;
}

/**
 * `html` escapes the value of `{{name}}` (not of `{{{name}}}`). `text` does not escape; it is for header fields, which have a smaller budget. Throws
 * TemplateError, which names the line, for wrong syntax, an unknown helper, partials, decorators, and a source that is too long or too deep.
 */
export function compileTemplate(source: string, kind: 'html' | 'text' = 'html'): Template {
  const nodes = readTemplate(source);
  const how =
    kind === 'html'
      ? { escaped: escapeHtml, operations: templateLimits.operations }
      : { escaped: (text: string) => text, operations: templateLimits.fieldOperations };
  return { render: (variables) => renderNodes(nodes, variables, how) };
}

/** The characters that Handlebars escapes. Escaping them makes a value safe in quoted and in unquoted attributes. */
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#x27;',
  '`': '&#x60;',
  '=': '&#x3D;',
};

const escapeHtml = (text: string): string => text.replace(/[&<>"'`=]/g, (character) => ENTITIES[character] ?? '');
