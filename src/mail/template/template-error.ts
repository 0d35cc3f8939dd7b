/** What is wrong with a template or its variables, in words for the person who wrote it. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';

  /** If the line is known (from 1), the message names it: `line 3: unknown helper 'upper'`. */
  constructor(text: string, line?: number) {
    super(line === undefined ? text : `line ${line}: ${text}`);
  }
}
