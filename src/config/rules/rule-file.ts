/** Reads one YAML file of rules and checks it whole; what is wrong comes as ConfigError with key paths and lines, like the configuration's. */
import type { z } from 'zod';
import { ConfigError, keyText, problemsOf } from '../yaml/problems.js';
import { parseYaml, readText } from '../yaml/yaml-file.js';

/** A problem that only the whole file shows. `message` is a full sentence. */
export interface FileProblem {
  path: PropertyKey[];
  message: string;
}

/** `keys` are the valid keys by the outermost key they stand under (`''`: the file itself), for hints at misspelt ones. */
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
