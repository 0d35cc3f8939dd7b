/** Gives the head with exactly one field of this name: in the place of the first such field, or at the end. */
import type { HeadField } from './head-fields.js';
import { makeField } from './make-field.js';

/** Throws like `makeField`. */
export function setField(fields: readonly HeadField[], name: string, value: string): HeadField[] {
  const lowerName = name.toLowerCase();
  const index = fields.findIndex((field) => field.lowerName === lowerName);
  const others = fields.filter((field) => field.lowerName !== lowerName);
  others.splice(index < 0 ? others.length : index, 0, makeField(name, value));
  return others;
}
