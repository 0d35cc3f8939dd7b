/** Puts a recipient's values into texts that are no part of a message: what events show, the variables of a stored template. */
import { fillPlaceholders, type Lookup, parseTemplate } from './placeholders.js';

/** Nested deeper, values stay as they are. */
const MAX_DEPTH = 32;

/** What is longer than `most` characters is not completed: it is longer by one value at most. */
export function substituteText(text: string, lookup: Lookup, most?: number): string {
  return fillPlaceholders(parseTemplate(text), lookup, (value) => value, most);
}

/** How many characters the texts of a value may still have; less than none when there were more, and no more is filled then. */
export interface TextBudget {
  left: number;
}

/** Every text in a JSON value, keys aside; the value given is not changed. */
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
