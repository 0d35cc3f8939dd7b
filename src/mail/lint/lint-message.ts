/** Checks a message before it is sent, for what mail providers dislike and for what may break on the way. Gives warnings only, never an error. */
import type { HeadField } from '../head/head-fields.js';
import { LINT_RULES, type LintContext } from './lint-rules.js';
import { outlineMessage } from './outline.js';

export interface LintWarning {
  /** Name of the rule. It never changes, because scripts may look for it. */
  rule: string;
  /** One sentence for the sender. */
  message: string;
}

/** `body` is in wire form. Gives warnings in the order of the rules. Rejects only when reading the body fails. */
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
