/**
 * How much a template may cost. The limits count operations and characters and need no clock, so the same template with the same variables always
 * ends in the same way. A rendering that uses up all limits takes some tens of milliseconds.
 */
export const templateLimits = {
  /** Characters of the source. */
  source: 128 * 1024,
  /** How deep blocks may be nested. An `else if` counts as a block within the block before it. */
  nesting: 100,
  /** The number of `{{…}}` in a source, and the number of characters in them except comments. The parser's time depends on both. */
  tags: 3000,
  tagCharacters: 32 * 1024,
  /** Nodes rendered, names looked up and items visited count one each, and so do every 64 characters compared or written. */
  operations: 200_000,
  /** `operations` for one header field. It is smaller, because a batch renders the field for each of a thousand recipients. */
  fieldOperations: 2000,
  /** Characters of the result. */
  output: 1024 * 1024,
} as const;

/** What one rendering may still use; counted down. */
export interface Budget {
  operations: number;
  output: number;
}
