/** What a template and its versions may be, checked before they are stored: whatever is stored can be compiled. Pure. */
import { badRequest, cleanText } from '#core';
import { compileTemplate, TemplateError } from '#mail';

/** Mailgun's: templates of a domain, versions of a template. */
export const MAX_TEMPLATES = 100;
export const MAX_VERSIONS = 40;

const ENGINE = 'handlebars';
export const FIRST_TAG = 'initial';

const MAX_NAME = 255;
const MAX_NOTE = 2000;
const MAX_HEADER = 1000;
/** The only ones that Mailgun supports; a stored name has this spelling. */
const HEADERS = ['From', 'Subject', 'Reply-To'];

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Lower case. Refusal 400. */
export function checkTemplateName(name: string): string {
  return checkWord('name', name).toLowerCase();
}

/** ASCII letters in lower case. Refusal 400. */
export function checkTag(tag: string): string {
  return checkWord('tag', tag).replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function checkWord(parameter: string, text: string): string {
  const word = text.normalize('NFC').trim();
  if (word === '' || word.length > MAX_NAME || CONTROL.test(word)) {
    throw badRequest(`'${parameter}' must have 1 to ${MAX_NAME} characters, none of them a control character`);
  }
  return word;
}

/** Refusal 400. */
export function checkNote(parameter: 'description' | 'comment' | 'createdBy', text: string): string {
  if (text.length > MAX_NOTE) throw badRequest(`'${parameter}' may have at most ${MAX_NOTE} characters`);
  return text;
}

/** Refusal 400 for every engine but Handlebars. */
export function checkEngine(engine: string | undefined): string {
  if (engine !== undefined && engine.toLowerCase() !== ENGINE)
    throw badRequest(`'engine' must be '${ENGINE}', not '${cleanText(engine).slice(0, 40)}'`);
  return ENGINE;
}

/** Refusal 400 with the line and what is wrong there. */
export function checkSource(source: string): string {
  compiling("'template'", () => compileTemplate(source));
  return source;
}

/** Names in their usual spelling. Refusal 400: a field that templates have not, one given twice, a line break, or no template. */
export function checkHeaders(headers: Record<string, unknown>): Record<string, string> {
  const checked = new Map<string, string>();
  for (const [given, value] of Object.entries(headers)) {
    const name = HEADERS.find((header) => header.toLowerCase() === given.toLowerCase());
    if (name === undefined) throw badRequest(`'headers' may name ${HEADERS.join(', ')}, not '${cleanText(given).slice(0, 80)}'`);
    if (checked.has(name)) throw badRequest(`'headers' names ${name} twice`);
    if (typeof value !== 'string') throw badRequest(`The ${name} of 'headers' must be a text`);
    if (value.length > MAX_HEADER || CONTROL.test(value)) {
      throw badRequest(`The ${name} of 'headers' must be one line of at most ${MAX_HEADER} characters`);
    }
    compiling(`The ${name} of 'headers'`, () => compileTemplate(value, 'text'));
    checked.set(name, value);
  }
  return Object.fromEntries(checked);
}

function compiling(what: string, compile: () => unknown): void {
  try {
    compile();
  } catch (error) {
    if (error instanceof TemplateError) throw badRequest(`${what} is not a valid template: ${cleanText(error.message)}`);
    throw error;
  }
}
