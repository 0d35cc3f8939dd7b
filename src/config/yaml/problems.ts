/** Turns problems of a configuration into lines for people: key path, value and what would be valid. Secrets are never shown. */
import type { z } from 'zod';
import { defaultSettings, isSection, KEY_PATHS, SOURCE_KEYS, TRANSPORT_KEYS } from '../schema/defaults.js';

export interface ConfigProblem {
  /** `listen.smtp[0]`; empty for the file as a whole. */
  key: string;
  /** One sentence: the value and what would be valid. */
  message: string;
  /** Line of the file, counted from 1; absent if there is none. */
  line?: number;
}

/** The configuration cannot be used. `problems` has all that is wrong with it, not only the first. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(source: string, problems: readonly ConfigProblem[]) {
    super([`The configuration (${source}) cannot be used:`, ...problems.map((problem) => `  ${problemText(problem)}`)].join('\n'));
    this.problems = problems;
  }
}

function problemText({ key, message, line }: ConfigProblem): string {
  const place = [line === undefined ? '' : `line ${line}`, key].filter((part) => part !== '').join(', ');
  return place === '' ? message : `${place}: ${message}`;
}

type Path = readonly PropertyKey[];

/** `['listen', 'smtp', 0]` as `listen.smtp[0]`. */
export function keyText(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

/** All problems of one validation. `lineOf` finds the line of a path in the file, `hint` says what an unknown key could have been. */
export function problemsOf(
  error: z.ZodError,
  settings: unknown,
  lineOf: (path: Path) => number | undefined,
  hint: (path: Path, key: string) => string = suggestion,
): ConfigProblem[] {
  const problems = error.issues.flatMap((issue): ConfigProblem[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        key: keyText([...issue.path, key]),
        message: `unknown key; ${hint(issue.path, key)}`,
        line: lineOf([...issue.path, key]),
      }));
    }
    const value = valueAt(settings, issue.path);
    const shown = value === undefined ? 'missing' : shownValue(issue.path, value);
    return [{ key: keyText(issue.path), message: `${shown}: ${issue.message}`, line: lineOf(issue.path) }];
  });
  return problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

function valueAt(settings: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => {
    if (Array.isArray(value)) return value[Number(part)];
    return isSection(value) && Object.hasOwn(value, part) ? value[String(part)] : undefined;
  }, settings);
}

const SHOWN_TRANSPORT_KEYS: readonly PropertyKey[] = TRANSPORT_KEYS.filter((key) => key !== 'login' && key !== 'password');

function shownValue(path: Path, value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isSection(value)) return 'a mapping';
  // A misplaced value below transports may be a URL with its password.
  const mayBeSecret = path[1] === 'transports' && !SHOWN_TRANSPORT_KEYS.includes(path.at(-1) ?? '');
  return mayBeSecret ? `a ${typeof value} (not shown)` : JSON.stringify(value)?.slice(0, 200);
}

function suggestion(path: Path, key: string): string {
  const siblings = keysAt(path);
  const near = siblings.map((name) => ({ name, distance: spellingDistance(name, key) })).sort((a, b) => a.distance - b.distance)[0];
  if (near !== undefined && near.distance <= Math.max(1, Math.floor(near.name.length / 3))) return `did you mean "${near.name}"?`;
  const elsewhere = KEY_PATHS.find((name) => plain(name.split('.').at(-1) ?? '') === plain(key));
  if (elsewhere !== undefined) return `did you mean "${elsewhere}"?`;
  return `expected one of ${siblings.join(', ')}`;
}

function keysAt(path: Path): string[] {
  if (path[0] === 'delivery' && path[1] === 'transports') return [...TRANSPORT_KEYS];
  if (path[0] === 'delivery' && path[1] === 'sources') return [...SOURCE_KEYS];
  const section = valueAt(defaultSettings(), path);
  return isSection(section) ? Object.keys(section) : [];
}

const plain = (name: string) => name.replace(/[_-]/g, '').toLowerCase();

/** Edits (insert, delete, replace, swap of neighbours) between two names, ignoring case, dashes and underscores. */
export function spellingDistance(first: string, second: string): number {
  const a = plain(first);
  const b = plain(second);
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min((current[column - 1] ?? 0) + 1, (last[column] ?? 0) + 1, (last[column - 1] ?? 0) + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1);
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
