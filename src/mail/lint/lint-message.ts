/** Advice on a message before it is sent: what providers hold against it, and what breaks on its way. Never an error, only warnings. */
import type { HeadField } from '../head/head-fields.js';
import { LINT_RULES, type LintContext } from './lint-rules.js';
import { outlineMessage } from './outline.js';

export interface LintWarning {
  /** Name of the rule, stable: scripts may look for it. */
  rule: string;
  /** A sentence for the sender. */
  message: string;
}

/** `body` is in wire form. Gives warnings in the order of the rules; rejects only when reading the body does. */
export async function lintMessage(
  head: readonly HeadField[],
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  context: LintContext,
): Promise<LintWarning[]> {
  const outline = await outlineMessage(head, body);
  return LINT_RULES.flatMap(({ rule, check }) => {
    const message = check(outline, context);
    return message === undefined ? [] : [{ rule, message }];
  });
}
