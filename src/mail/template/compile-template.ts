/**
 * Handlebars templates as Mailgun has them: lookups and the block helpers `if`, `unless`, `each`, `with` and `equal`, nothing else. The library
 * reads the source; what it read is checked and rendered here, because compiled templates of strangers cannot be stopped once they run.
 */
import { readTemplate } from './read-template.js';
import { renderNodes } from './render-nodes.js';
import { templateLimits } from './template-limits.js';

export interface Template {
  /**
   * What is missing reads as nothing. `variables` are plain data, as JSON has it. Throws TemplateError when it does more, or gives more, than
   * `templateLimits` allow.
   */
  render(variables: Record<string, unknown>): string;
}

/**
 * `html` escapes what `{{name}}` gives (not `{{{name}}}`); `text` leaves it as it is, for header fields, which may do less.
 * Throws TemplateError, which names the line: wrong syntax, an unknown helper, partials, decorators, too long, too deep.
 */
export function compileTemplate(source: string, kind: 'html' | 'text' = 'html'): Template {
  const nodes = readTemplate(source);
  const how =
    kind === 'html'
      ? { escaped: escapeHtml, operations: templateLimits.operations }
      : { escaped: (text: string) => text, operations: templateLimits.fieldOperations };
  return { render: (variables) => renderNodes(nodes, variables, how) };
}

/** The characters that Handlebars escapes, which makes a value safe within quoted and unquoted attributes alike. */
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
