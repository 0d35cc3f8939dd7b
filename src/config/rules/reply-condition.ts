/** The conditions under which a rule applies to a reply; bounce rules and shaping rules have them in common. */
import { z } from 'zod';
import { parseDomain, type Stage } from '#core';
import { patternProblem } from './rule-pattern.js';

const STAGES = ['dns', 'connect', 'banner', 'ehlo', 'tls', 'auth', 'mail', 'rcpt', 'data', 'dot'] as const satisfies readonly Stage[];

/** All conditions that are given must hold. */
export interface ReplyCondition {
  readonly stage?: readonly Stage[];
  /** `550`, or `5xx`. */
  readonly code?: readonly string[];
  /** `5.1.1`, `x.1.1` or `x.7.x`. */
  readonly enhanced?: readonly string[];
  /** One of these is in the reply's text; lower case. */
  readonly text?: readonly string[];
  /** This matches the lower-cased text too. It was checked to be quick (rule-pattern.ts). */
  readonly pattern?: string;
}

/** A value that `read` reads. If `read` gives undefined the error is "expected PHRASE". */
export function readAs<T>(phrase: string, read: (value: unknown) => T | undefined) {
  return z.unknown().transform((value, context): T => {
    const result = read(value);
    if (result !== undefined) return result;
    context.addIssue({ code: 'custom', message: `expected ${phrase}` });
    return z.NEVER;
  });
}

/** One value, or a list of them, as a list. */
function listOf<T>(phrase: string, read: (value: unknown) => T | undefined) {
  return readAs(phrase, (value): readonly T[] | undefined => {
    const items = (Array.isArray(value) ? value : [value]).map(read);
    return items.length > 0 && items.every((item) => item !== undefined) ? (items as T[]) : undefined;
  }).optional();
}

const matching = (pattern: RegExp) => (value: unknown) =>
  (typeof value === 'string' || typeof value === 'number') && pattern.test(String(value)) ? String(value) : undefined;

/** A shorter text is found in too many replies. */
const MIN_TEXT = 4;

export const conditionShape = {
  stage: listOf<Stage>(`one or more of ${STAGES.join(', ')}`, (value) => STAGES.find((stage) => stage === value)),
  code: listOf('one or more reply codes such as 550, or 4xx, 5xx', matching(/^(?:[45]xx|[45]\d\d)$/)),
  enhanced: listOf('one or more enhanced codes such as 5.1.1, x.1.1 or x.7.x', matching(/^[x45]\.\d{1,3}\.(?:\d{1,3}|x)$/)),
  text: listOf(`one or more texts of at least ${MIN_TEXT} characters, in lower case`, (value) =>
    typeof value === 'string' && value.trim().length >= MIN_TEXT && value === value.toLowerCase() ? value : undefined,
  ),
  pattern: z
    .string({ error: 'expected a regular expression as text' })
    .superRefine((source, context) => {
      const problem = patternProblem(source);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: `expected ${problem}` });
    })
    .optional(),
};

/** A pattern without texts would be tried on every reply. Its texts say on which replies to try it. */
export function needsText(rule: { pattern?: string; text?: readonly string[] }, context: z.RefinementCtx): void {
  if (rule.pattern === undefined || rule.text !== undefined) return;
  context.addIssue({
    code: 'custom',
    path: ['pattern'],
    message: 'expected text beside it: the pattern is tried on replies that contain one of the texts',
  });
}

/** Suffixes of host names, lower-case. A suffix matches itself and every name below it. */
export const hostSuffixes = z.array(
  readAs('a domain such as example.com', (value) => (typeof value === 'string' ? parseDomain(value.replace(/^\./, '')) : undefined)),
  { error: 'expected a list of domains such as [google.com, googlemail.com]' },
);

export const sentence = (phrase: string) =>
  readAs(phrase, (value) => (typeof value === 'string' && value.trim() !== '' && value.length <= 500 ? value.trim() : undefined));

/** A reply as text: `550 5.1.1 User unknown`. */
export const sampleReply = readAs('a reply such as "550 5.1.1 User unknown"', (value) =>
  typeof value === 'string' && /^[45]\d\d /.test(value) ? value : undefined,
);
