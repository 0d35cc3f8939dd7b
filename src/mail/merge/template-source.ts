/** Text parts of a batch that are stored templates: rendered for each recipient, with their values in the template's variables and in what it gives. */
import { compileTemplate } from '../template/compile-template.js';
import type { TextSource } from './merge-plan.js';
import { makeLookup } from './merge-recipient.js';
import { substituteText, substituteTexts } from './substitute-texts.js';

/** What it gives throws TemplateError: at once for a source that cannot be read, later for one that does too much with a recipient's values. */
export function templateSource(variables: Readonly<Record<string, unknown>>): TextSource {
  return (source, kind) => {
    const template = compileTemplate(source, kind);
    return (recipient) => {
      const lookup = makeLookup(recipient);
      return substituteText(template.render(substituteTexts({ ...variables }, lookup)), lookup);
    };
  };
}
