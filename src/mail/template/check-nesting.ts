/**
 * Refuses blocks that are nested too deeply, before the library parses them: the time of its parser grows with the square of the depth. Reads tags
 * as the library's lexer does (comments, escapes, quoted texts), and stops where that lexer would report a syntax error. Pure, in linear time.
 */
import { TemplateError } from './template-error.js';
import { templateLimits } from './template-limits.js';

/** What a tag does to the depth: it opens a block, closes one, or (`else if`) continues with another block inside the current one. */
const TAG = /\{\{~?(?:(?<opens>#|\^(?!\s*~?\}\}))|(?<closes>\/)|(?<chains>\s*else\b(?!\s*~?\}\})))?/y;
const WITHIN_TAG = /"(?:\\"|[^"])*"|'(?:\\'|[^'])*'|\[(?:\\\]|[^\]])*\]|\}\}|[^"'[}]+|\}/y;

/** Throws TemplateError. */
export function checkNesting(source: string): void {
  const blocks: number[] = [];
  let depth = 0;
  for (let at = source.indexOf('{{'); at >= 0; at = source.indexOf('{{', at)) {
    if (isEscaped(source, at)) {
      at += 2;
      continue;
    }
    if (source.startsWith('{{{{', at)) throw new TemplateError('raw blocks ({{{{name}}}}) are not supported', lineAt(source, at));
    TAG.lastIndex = at;
    const { opens, closes, chains } = TAG.exec(source)?.groups ?? {};
    if (closes !== undefined) depth -= blocks.pop() ?? 0;
    else if (opens !== undefined) blocks.push(1);
    else if (chains !== undefined) blocks.push((blocks.pop() ?? 0) + 1);
    if (opens !== undefined || chains !== undefined) depth++;
    if (depth > templateLimits.nesting) throw tooDeep(lineAt(source, at));
    const end = endOfTag(source, at, TAG.lastIndex);
    if (end === undefined) return;
    at = end;
  }
}

export const tooDeep = (line?: number): TemplateError =>
  new TemplateError(`blocks are nested more than ${templateLimits.nesting} deep`, line);

/** `\{{` is text; `\\{{` is a backslash and a tag. */
const isEscaped = (source: string, at: number): boolean => source[at - 1] === '\\' && source[at - 2] !== '\\';

/** Undefined if the tag does not end. */
function endOfTag(source: string, start: number, from: number): number | undefined {
  const comment = /^\{\{~?!(--)?/.exec(source.slice(start, start + 6));
  if (comment) return endOfComment(source, start + comment[0].length, comment[1] !== undefined);
  for (let at = from; at < source.length; ) {
    WITHIN_TAG.lastIndex = at;
    const token = WITHIN_TAG.exec(source)?.[0];
    if (token === undefined) return undefined;
    at += token.length;
    if (token === '}}') return at;
  }
  return undefined;
}

/** `{{!--}}` is a complete comment. */
function endOfComment(source: string, from: number, hasDashes: boolean): number | undefined {
  const ends = hasDashes ? /--~?\}\}/g : /\}\}/g;
  ends.lastIndex = hasDashes ? from - 2 : from;
  return ends.exec(source) === null ? undefined : ends.lastIndex;
}

const lineAt = (source: string, at: number): number => source.slice(0, at).split('\n').length;
