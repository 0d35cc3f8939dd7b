/** Computes how long texts will be with their placeholders filled, without building them. Pure. */
import { type Lookup, placeholderText, type TextTemplate } from './placeholders.js';

export interface FillSize {
  /** Bytes in UTF-8 before anything is filled. */
  source: number;
  /** How often each placeholder occurs in the texts, by its name. */
  counts: ReadonlyMap<string, number>;
}

export function sizeOfTemplate(template: TextTemplate): FillSize {
  const counts = new Map<string, number>();
  let source = 0;
  for (const piece of template) {
    if (typeof piece !== 'string') counts.set(piece.name, (counts.get(piece.name) ?? 0) + 1);
    source += Buffer.byteLength(typeof piece === 'string' ? piece : placeholderText(piece));
  }
  return { source, counts };
}

export function sumOfSizes(sizes: readonly FillSize[]): FillSize {
  const counts = new Map<string, number>();
  for (const size of sizes) for (const [name, count] of size.counts) counts.set(name, (counts.get(name) ?? 0) + count);
  return { source: sizes.reduce((sum, { source }) => sum + source, 0), counts };
}

/** `names` are the names that `lookup` knows. The time depends on the shorter one of `names` and `counts`, not on the length of the texts. */
export function filledSize({ source, counts }: FillSize, names: readonly string[], lookup: Lookup): number {
  let size = source;
  for (const name of names.length < counts.size ? names : counts.keys()) {
    const count = counts.get(name);
    const value = count === undefined ? undefined : lookup(name);
    if (count !== undefined && value !== undefined)
      size += count * (Buffer.byteLength(value) - Buffer.byteLength(placeholderText({ name })));
  }
  return size;
}
