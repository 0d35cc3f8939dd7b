/**
 * What a template may cost. No limit needs a clock: each counts something that is bounded by it, so the same template with the same variables
 * always ends the same way. A rendering that uses all of them takes some tens of milliseconds.
 */
export const templateLimits = {
  /** Characters of a source. */
  source: 128 * 1024,
  /** Blocks within blocks; an `else if` is one within the block before it. */
  nesting: 100,
  /** `{{…}}` of a source, and the characters in them all but comments: what the parser takes its time for. */
  tags: 3000,
  tagCharacters: 32 * 1024,
  /** Nodes rendered, names looked up, items visited, and one for every 64 characters compared or written. */
  operations: 200_000,
  /** `operations` for a header field: a batch renders one for each of a thousand recipients. */
  fieldOperations: 2000,
  /** Characters that come out. */
  output: 1024 * 1024,
} as const;

/** Counts down what one rendering may still do. */
export interface Budget {
  operations: number;
  output: number;
}
