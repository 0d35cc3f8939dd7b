/** Puts a recipient's values into texts outside of messages: texts shown in events, and the variables of a stored template. */
import { fillPlaceholders, type Lookup, parseTemplate } from './placeholders.js';

/** Values that are nested deeper than this stay as they are. */
const MAX_DEPTH = 32;

/** Stops when the text is longer than `most` characters. Such a text is incomplete, and longer than `most` by one piece at most. */
export function substituteText(text: string, lookup: Lookup, most?: number): string {
  return fillPlaceholders(parseTemplate(text), lookup, (value) => value, most);
}

/** How many more characters the texts of a value may have. Below zero when they were too long; then no more texts are filled. */
export interface TextBudget {
  left: number;
}

/** Fills every text in a JSON value except its keys. The given value is not changed. */
export function substituteTexts<T>(value: T, lookup: Lookup, budget: TextBudget): T;
export function substituteTexts(value: unknown, lookup: Lookup, budget: TextBudget): unknown {
  return walk(value, lookup, budget, 0);
}

function walk(value: unknown, lookup: Lookup, budget: TextBudget, depth: number): unknown {
  if (typeof value === 'string') {
    const text = budget.left < 0 ? value : substituteText(value, lookup, budget.left);
    budget.left -= text.length;
    return text;
  }
  if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH) return value;
  if (Array.isArray(value)) return value.map((item) => walk(item, lookup, budget, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, lookup, budget, depth + 1)]));
}
