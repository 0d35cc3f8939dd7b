/** Reads a YAML file in such a way that every error can name its line, and no error quotes a secret. */
import { readFileSync } from 'node:fs';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { ConfigError, type ConfigProblem } from './problems.js';
import { whyUnreadable } from './unreadable.js';

export interface YamlFile {
  /** The file's content as plain values; null when it is empty. */
  readonly value: unknown;
  /** True if the file sets this path. */
  has(path: readonly string[]): boolean;
  /** The line of the value at `path`, counted from 1. If the file has no such value, the line of the nearest key around it. */
  lineOf(path: readonly PropertyKey[]): number | undefined;
}

/** Throws ConfigError when the file cannot be read. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(file, [{ key: '', message: `cannot read ${file}: ${whyUnreadable(file, error)}` }]);
  }
}

/** `file` is what errors name. Throws ConfigError when the text is not valid YAML. */
export function parseYaml(text: string, file: string): YamlFile {
  const lines = new LineCounter();
  // prettyErrors would quote the line, and the line may hold a password.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const syntax = document.errors.map(
    (error): ConfigProblem => ({
      key: '',
      message: `not valid YAML: ${withoutQuote(error.message)}`,
      line: lines.linePos(error.pos[0]).line,
    }),
  );
  if (syntax.length > 0) throw new ConfigError(file, syntax);
  return {
    value: plainValue(document, file),
    has: (path) => document.hasIn(path),
    lineOf: (path) => lineOfPath(document, lines, path),
  };
}

function plainValue(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // The file has an alias without its anchor, or aliases that multiply without end.
    const reason = error instanceof Error ? withoutQuote(error.message) : '';
    throw new ConfigError(file, [{ key: '', message: `not valid YAML: ${reason}` }]);
  }
}

/** The parser ends some messages with the text it stumbled over, which may be a secret. */
const withoutQuote = (message: string) => message.replace(/: .*$/s, '').replace(/\s*\(.*$/s, '');

function lineOfPath(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return undefined;
}
