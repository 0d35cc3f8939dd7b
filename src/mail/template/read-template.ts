/** Reads a Handlebars source into nodes, and refuses everything except lookups and the five block helpers. Pure. */
import Handlebars from 'handlebars';
import { checkNesting, tooDeep } from './check-nesting.js';
import { TemplateError } from './template-error.js';
import { templateLimits } from './template-limits.js';
import type { BlockNode, Expression, Helper, TemplateNode } from './template-node.js';

/** The number of arguments of each helper. */
const HELPERS: ReadonlyMap<string, number> = new Map<Helper, number>([
  ['if', 1],
  ['unless', 1],
  ['each', 1],
  ['with', 1],
  ['equal', 2],
]);

/** Kinds of statement that are refused, because they reach beyond the template. */
const OFF: Readonly<Record<string, string>> = {
  PartialStatement: 'partials ({{> name}}) are not supported',
  PartialBlockStatement: 'partials ({{#> name}}) are not supported',
  Decorator: 'decorators ({{* name}}) are not supported',
  DecoratorBlock: 'inline partials ({{#*inline}}) are not supported',
};

/** Throws TemplateError if the source is too long or too deep, has wrong syntax, or uses something that is refused. */
export function readTemplate(source: string): TemplateNode[] {
  if (source.length > templateLimits.source) throw new TemplateError(`a template may have at most ${templateLimits.source} characters`);
  checkTags(source);
  checkNesting(source);
  return new Reader().statements(parse(source).body, 0, []);
}

/** Runs before the parser, which needs tens of microseconds for each tag and for each name in a tag. */
function checkTags(source: string): void {
  let [tags, characters] = [0, 0];
  for (let at = source.indexOf('{{'); at >= 0; ) {
    const close = source.indexOf('}}', at + 2);
    const end = close < 0 ? source.length : close;
    tags++;
    if (source[at + 2] !== '!') characters += end - at - 2;
    if (tags > templateLimits.tags) throw new TemplateError(`a template may have at most ${templateLimits.tags} tags`);
    if (characters > templateLimits.tagCharacters)
      throw new TemplateError(`the tags of a template may have at most ${templateLimits.tagCharacters} characters together`);
    at = source.indexOf('{{', end);
  }
}

function parse(source: string): hbs.AST.Program {
  try {
    return Handlebars.parse(source);
  } catch (error) {
    throw syntaxError(error instanceof Error ? error.message : String(error));
  }
}

/** Turns a message of the parser, which has several lines with an arrow or ends in ` - line:column`, into one sentence. */
function syntaxError(message: string): TemplateError {
  const byGrammar = /^Parse error on line (\d+):[\s\S]*?\n-*\^\n(?:Expecting [\s\S]*, got '(\w+)')?/.exec(message);
  if (byGrammar)
    return new TemplateError(
      `syntax error${byGrammar[2] === undefined ? '' : `, unexpected ${WORDS[byGrammar[2]] ?? byGrammar[2]}`}`,
      Number(byGrammar[1]),
    );
  const byLexer = /^Lexical error on line (\d+)/.exec(message);
  if (byLexer) return new TemplateError('syntax error', Number(byLexer[1]));
  const placed = /^([\s\S]*) - (\d+):\d+$/.exec(message);
  return placed ? new TemplateError(String(placed[1]).slice(0, 200), Number(placed[2])) : new TemplateError(message.slice(0, 200));
}

/** Readable names for the tokens of the grammar. */
const WORDS: Readonly<Record<string, string>> = {
  EOF: 'end of the template',
  INVALID: 'character',
  CLOSE: "'}}'",
  CLOSE_UNESCAPED: "'}}}'",
  OPEN: "'{{'",
  OPEN_BLOCK: "'{{#'",
  OPEN_ENDBLOCK: "'{{/'",
  OPEN_INVERSE: "'{{^'",
  OPEN_INVERSE_CHAIN: "'{{else'",
  INVERSE: "'{{else}}'",
  ID: 'name',
};

class Reader {
  /** `locals` are the names that the surrounding blocks define, the innermost first. */
  statements(statements: hbs.AST.Statement[], depth: number, locals: string[][]): TemplateNode[] {
    if (depth > templateLimits.nesting) throw tooDeep(statements[0]?.loc?.start.line);
    const nodes: TemplateNode[] = [];
    for (const statement of statements) {
      const node = this.#statement(statement, depth, locals);
      if (node !== undefined) nodes.push(node);
    }
    return nodes;
  }

  #statement(statement: hbs.AST.Statement, depth: number, locals: string[][]): TemplateNode | undefined {
    const { line } = statement.loc.start;
    if (statement.type === 'ContentStatement') {
      const { value } = statement as hbs.AST.ContentStatement;
      return value === '' ? undefined : { kind: 'text', text: value };
    }
    if (statement.type === 'CommentStatement') return undefined;
    if (statement.type === 'MustacheStatement') return readValue(statement as hbs.AST.MustacheStatement, locals);
    if (statement.type === 'BlockStatement') return this.#block(statement as hbs.AST.BlockStatement, depth, locals);
    throw new TemplateError(OFF[statement.type] ?? `${statement.type} is not supported`, line);
  }

  #block(block: hbs.AST.BlockStatement, depth: number, locals: string[][]): BlockNode {
    const { line } = block.loc.start;
    const name = block.path.original;
    const expected = HELPERS.get(name);
    if (expected === undefined) throw unknownHelper(name, line);
    if (block.params.length !== expected) {
      throw new TemplateError(
        `'${name}' needs ${expected === 1 ? 'one argument' : `${expected} arguments`}, not ${block.params.length}`,
        line,
      );
    }
    // In an inverted block ({{^if x}}) the parser leaves `program` out, although its type says otherwise.
    const program = block.program as hbs.AST.Program | undefined;
    const inverse = block.inverse as hbs.AST.Program | undefined;
    const names = program?.blockParams ?? [];
    return {
      kind: 'block',
      helper: name as Helper,
      parameters: block.params.map((parameter) => readExpression(parameter, locals)),
      includeZero: readIncludeZero(block),
      hasLocals: names.length > 0,
      body: this.statements(program?.body ?? [], depth + 1, names.length > 0 ? [names, ...locals] : locals),
      otherwise: this.statements(inverse?.body ?? [], depth + 1, locals),
    };
  }
}

function readValue(statement: hbs.AST.MustacheStatement, locals: string[][]): TemplateNode {
  if (statement.params.length > 0 || statement.hash !== undefined) {
    const name = (statement.path as hbs.AST.PathExpression).original;
    if (HELPERS.has(name)) throw new TemplateError(`'${name}' is a block: write {{#${name} …}}…{{/${name}}}`, statement.loc.start.line);
    throw unknownHelper(String(name), statement.loc.start.line);
  }
  const expression = readExpression(statement.path, locals);
  // In {{12}} and {{"a b"}} the literal is the name of a variable.
  const name = expression.kind === 'literal' ? String(expression.value) : '';
  const named = expression.kind === 'literal' ? readPath({ data: false, depth: 0, parts: [name], original: name }, locals) : expression;
  return { kind: 'value', expression: named, escaped: statement.escaped };
}

function readExpression(expression: hbs.AST.Expression, locals: string[][]): Expression {
  switch (expression.type) {
    case 'PathExpression':
      return readPath(expression as hbs.AST.PathExpression, locals);
    case 'StringLiteral':
    case 'NumberLiteral':
    case 'BooleanLiteral':
      return { kind: 'literal', value: (expression as hbs.AST.StringLiteral | hbs.AST.NumberLiteral | hbs.AST.BooleanLiteral).value };
    case 'NullLiteral':
      return { kind: 'literal', value: null };
    case 'UndefinedLiteral':
      return { kind: 'literal', value: undefined };
    default:
      throw new TemplateError('helpers within an expression are not supported', expression.loc.start.line);
  }
}

type Path = Pick<hbs.AST.PathExpression, 'data' | 'depth' | 'parts' | 'original'>;

function readPath({ data, depth, parts, original }: Path, locals: string[][]): Expression {
  if (depth === 0 && !/^\.|this\b/.test(original)) {
    const up = locals.findIndex((names) => names.includes(parts[0] ?? ''));
    if (up >= 0) return { kind: 'local', up, index: locals[up]?.indexOf(parts[0] ?? '') ?? 0, names: parts.slice(1) };
  }
  return { kind: data ? 'data' : 'path', depth, names: parts };
}

function readIncludeZero(block: hbs.AST.BlockStatement): boolean {
  const pairs = (block.hash as hbs.AST.Hash | undefined)?.pairs ?? [];
  const takesIt = block.path.original === 'if' || block.path.original === 'unless';
  for (const pair of pairs) {
    if (!takesIt || pair.key !== 'includeZero' || pair.value.type !== 'BooleanLiteral') {
      throw new TemplateError(`'${block.path.original}' does not take '${pair.key}='`, block.loc.start.line);
    }
  }
  return pairs.some((pair) => (pair.value as hbs.AST.BooleanLiteral).value);
}

const unknownHelper = (name: string, line: number): TemplateError =>
  new TemplateError(`unknown helper '${name.slice(0, 80)}': there are if, unless, each, with and equal`, line);
