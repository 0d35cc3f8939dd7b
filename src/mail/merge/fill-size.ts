/** How long texts are with their placeholders filled, as a sum: nothing is built to find out. Pure. */
import { type Lookup, placeholderText, type TextTemplate } from './placeholders.js';

export interface FillSize {
  /** Bytes in UTF-8 while nothing is filled. */
  source: number;
  /** How often each placeholder stands in them, by its name. */
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

/** `names` are those that `lookup` knows. Takes as long as the shorter of both lists, whatever the texts. */
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
