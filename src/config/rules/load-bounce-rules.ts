/** Reads config/bounce-rules.yaml and the operator's own file into one list of checked rules. */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import {
  BOUNCE_ACTIONS,
  BOUNCE_CATEGORIES,
  BOUNCE_CATEGORY_NAMES,
  BOUNCE_REASONS,
  type BounceAction,
  type BounceCategory,
  type BounceReason,
  type Criticality,
  SCOPES,
  type Scope,
  SUPPRESSING_CATEGORIES,
  usualSeverity,
} from './bounce-categories.js';
import { conditionShape, hostSuffixes, needsText, type ReplyCondition, readAs, sampleReply, sentence } from './reply-condition.js';
import { readRuleFile } from './rule-file.js';

export interface BounceRule extends ReplyCondition {
  readonly id: string;
  /** Only replies of this site's hosts. */
  readonly site?: string;
  /** The party whose refusal it is, if that is not the site. */
  readonly entity?: string;
  readonly category: BounceCategory;
  /** `permanent`: a 5xx is final. `temporary`: the delivery is tried again even after a 5xx. A rule that does not say gets its category's. A 4xx is always tried again. */
  readonly severity: 'permanent' | 'temporary';
  readonly scope: Scope;
  /** After a 5xx to RCPT or the dot the address should not be sent to again. */
  readonly suppress: boolean;
  /** Given only if the rule differs from its category. */
  readonly action?: BounceAction;
  readonly reason?: BounceReason;
  readonly criticality: Criticality;
  readonly short: string;
  readonly explanation: string;
  readonly sample: string;
}

/** Mail servers with rules of their own. */
export interface BounceSite {
  readonly name: string;
  /** Suffixes of the names of its mail exchangers. */
  readonly suffixes: readonly string[];
}

export interface BounceRules {
  readonly sites: readonly BounceSite[];
  /** The operator's rules come before ours. */
  readonly rules: readonly BounceRule[];
}

const oneOf = <const T extends readonly [string, ...string[]]>(names: T) => z.enum(names, { error: `expected one of ${names.join(', ')}` });

const ruleShape = {
  id: readAs('2 to 16 hexadecimal digits, in quotes, such as "a101"', (value) =>
    typeof value === 'string' && /^[0-9a-f]{2,16}$/.test(value) ? value : undefined,
  ),
  site: z.string({ error: 'expected the name of a site' }).optional(),
  entity: sentence('a name').optional(),
  ...conditionShape,
  category: oneOf(BOUNCE_CATEGORY_NAMES),
  severity: oneOf(['permanent', 'temporary']).optional(),
  scope: oneOf(SCOPES).optional(),
  suppress: z.boolean({ error: 'expected true or false' }).optional(),
  action: oneOf(BOUNCE_ACTIONS).optional(),
  reason: oneOf(BOUNCE_REASONS).optional(),
  criticality: oneOf(['critical', 'non-critical']).optional(),
  short: sentence('a few words'),
  explanation: sentence('a sentence or two, at most 500 characters'),
  sample: sampleReply,
};

const rule = z
  .strictObject(ruleShape, { error: 'expected a rule: a mapping with id, category, …' })
  .superRefine((given, context) => {
    needsText(given, context);
    const severity = given.severity ?? usualSeverity(given.category);
    if (severity === 'permanent' && usualSeverity(given.category) === 'temporary') {
      const message = `expected temporary, or none: what is ${given.category} is tried again`;
      context.addIssue({ code: 'custom', path: ['severity'], message });
    }
    if (given.suppress === true && !(SUPPRESSING_CATEGORIES.includes(given.category) && severity === 'permanent')) {
      const message = `expected false: only permanent ${SUPPRESSING_CATEGORIES.join(', ')} may suppress`;
      context.addIssue({ code: 'custom', path: ['suppress'], message });
    }
    const contrary = severity === 'permanent' ? 'retry' : 'bounce';
    if (given.action === contrary) {
      const message = `expected something else: a ${severity} refusal ${contrary === 'retry' ? 'is final' : 'is tried again'}`;
      context.addIssue({ code: 'custom', path: ['action'], message });
    }
    if (given.site === undefined && given.text === undefined && given.enhanced === undefined && given.code === undefined)
      context.addIssue({ code: 'custom', message: 'expected at least one of site, text, enhanced, code' });
  })
  .transform((given): BounceRule => {
    const { scope, criticality } = BOUNCE_CATEGORIES[given.category];
    const severity = given.severity ?? usualSeverity(given.category);
    const suppress = given.suppress ?? (SUPPRESSING_CATEGORIES.includes(given.category) && severity === 'permanent');
    return { ...given, severity, scope: given.scope ?? scope, criticality: given.criticality ?? criticality, suppress };
  });

const file = z.strictObject(
  {
    replace: z.boolean({ error: 'expected true or false' }).default(false),
    sites: z.record(z.string(), hostSuffixes, { error: 'expected names with lists of domains' }).default({}),
    rules: z.array(rule, { error: 'expected a list of rules' }).default([]),
  },
  { error: 'expected a mapping with sites and rules' },
);

const KEYS = { '': ['replace', 'sites', 'rules'], rules: Object.keys(ruleShape) };

const SHIPPED_BOUNCE_RULES = fileURLToPath(new URL('../../../config/bounce-rules.yaml', import.meta.url));

/**
 * Gives our rules, and before them those of the operator's `own` file (absolute path). A rule of that file replaces our rule with the same id, and a site of
 * it replaces our site with the same name; `replace: true` leaves all of ours out. Throws ConfigError with every problem of a file.
 */
export function loadBounceRules(own: string | null): BounceRules {
  const ours = readRuleFile(SHIPPED_BOUNCE_RULES, file, KEYS, (value) => doubtful(value.rules, Object.keys(value.sites)));
  if (own === null) return { sites: sitesOf(ours.sites), rules: ours.rules };
  const known = Object.keys(ours.sites);
  const theirs = readRuleFile(own, file, KEYS, (value) =>
    doubtful(value.rules, value.replace ? Object.keys(value.sites) : [...known, ...Object.keys(value.sites)]),
  );
  if (theirs.replace) return { sites: sitesOf(theirs.sites), rules: theirs.rules };
  const replaced = new Set(theirs.rules.map(({ id }) => id));
  return {
    sites: sitesOf({ ...ours.sites, ...theirs.sites }),
    rules: [...theirs.rules, ...ours.rules.filter(({ id }) => !replaced.has(id))],
  };
}

const sitesOf = (sites: Record<string, readonly string[]>): BounceSite[] =>
  Object.entries(sites).map(([name, suffixes]) => ({ name, suffixes }));

/** Problems that are seen only in the file as a whole: an id that is used twice, a site that does not exist. */
function doubtful(rules: readonly BounceRule[], sites: readonly string[]) {
  const seen = new Set<string>();
  return rules.flatMap(({ id, site }, index) => {
    const problems: { path: PropertyKey[]; message: string }[] = [];
    if (seen.has(id)) problems.push({ path: ['rules', index, 'id'], message: `"${id}" is taken by an earlier rule: expected another id` });
    seen.add(id);
    if (site !== undefined && !sites.includes(site))
      problems.push({ path: ['rules', index, 'site'], message: `"${site}": expected one of ${sites.join(', ')}` });
    return problems;
  });
}
