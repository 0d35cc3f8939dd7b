/** Reads one YAML file of rules and checks it as a whole. Its problems are a ConfigError with key paths and lines, like those of the configuration. */
import type { z } from 'zod';
import { ConfigError, keyText, problemsOf } from '../yaml/problems.js';
import { parseYaml, readText } from '../yaml/yaml-file.js';

/** A problem that is seen only in the file as a whole, such as an id that is used twice. `message` is a full sentence. */
export interface FileProblem {
  path: PropertyKey[];
  message: string;
}

/** `keys`: the valid keys below each outermost key (`''`: of the file itself), for hints about misspelt ones. */
export function readRuleFile<S extends z.ZodType>(
  file: string,
  schema: S,
  keys: Record<string, readonly string[]>,
  check: (value: z.output<S>) => FileProblem[],
): z.output<S> {
  const { value, lineOf } = parseYaml(readText(file), file);
  const given = value ?? {};
  const checked = schema.safeParse(given);
  const hint = (path: readonly PropertyKey[]) => `expected one of ${(keys[String(path[0] ?? '')] ?? keys[''] ?? []).join(', ')}`;
  if (!checked.success) throw new ConfigError(file, problemsOf(checked.error, given, lineOf, hint));
  const problems = check(checked.data);
  if (problems.length > 0)
    throw new ConfigError(
      file,
      problems.map(({ path, message }) => ({ key: keyText(path), message, line: lineOf(path) })),
    );
  return checked.data;
}
