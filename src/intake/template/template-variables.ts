/** What a template is rendered with: `t:variables`, and for names they lack the user variables (manual page "Send templates"). Pure. */
import { JsonProblem, parseJson } from '#core';

/** Texts of user variables that are JSON are what they say: a list, an object, true. */
export function templateVariables(
  userVariables: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const decoded = Object.entries(userVariables).map(([name, value]) => [name, typeof value === 'string' ? decode(value) : value]);
  return Object.fromEntries([...decoded, ...Object.entries(given)]);
}

/** A number only when it would be written the same way: `007` and `1.50` stay what they are, and so does what is nested too deep. */
function decode(text: string): unknown {
  if (!/^\s*(?:[[{"]|-?\d|true\b|false\b|null\b)/.test(text)) return text;
  try {
    const value = parseJson(text);
    return typeof value === 'number' && String(value) !== text ? text : value;
  } catch (error) {
    if (error instanceof JsonProblem) return text;
    throw error;
  }
}

/** Nested deeper, values are not looked at, as they are not filled. */
const MAX_DEPTH = 32;

/** Whether a text within the value, keys aside, is such. */
export function someText(value: unknown, holds: (text: string) => boolean, depth = 0): boolean {
  if (typeof value === 'string') return holds(value);
  if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH) return false;
  return Object.values(value).some((item) => someText(item, holds, depth + 1));
}
