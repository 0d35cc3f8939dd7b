/** What of a reply met a rule, for people who ask why. Pure. */
import type { ReplyCondition } from '#config';
import type { SmtpReply } from '#core';
import { comparableText, enhancedCodeOf } from './bounce-matcher.js';

export interface WordsFound {
  /** The first of the rule's texts that is in the reply. */
  text?: string;
  /** The rule's pattern, and the part of the reply that it matched. */
  pattern?: { rule: string; matched: string };
  /** The reply's own, when the rule asks for one. */
  enhanced?: string;
  code?: number;
}

/** Of a rule that the reply meets: each condition that it has on the reply, with what met it. */
export function wordsFound({ text, pattern, enhanced, code }: ReplyCondition, reply: SmtpReply): WordsFound {
  const said = comparableText(reply.text);
  const found: WordsFound = {};
  const literal = text?.find((part) => said.includes(part));
  if (literal !== undefined) found.text = literal;
  const matched = pattern === undefined ? undefined : new RegExp(pattern, 'u').exec(said)?.[0];
  if (pattern !== undefined && matched !== undefined) found.pattern = { rule: pattern, matched };
  if (enhanced !== undefined) found.enhanced = enhancedCodeOf(reply);
  if (code !== undefined) found.code = reply.code;
  return found;
}
