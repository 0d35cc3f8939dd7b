/** What is wrong with a template or the variables it is rendered with, in words for whoever wrote it. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';

  /** The message names the line (from 1) when it is known: `line 3: unknown helper 'upper'`. */
  constructor(text: string, line?: number) {
    super(line === undefined ? text : `line ${line}: ${text}`);
  }
}
