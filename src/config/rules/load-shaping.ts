/** Reads config/shaping.yaml, lays the operator's own file over it, and checks both. */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { DAY, HOUR, MINUTE, SECOND } from '#core';
import { conditionShape, hostSuffixes, needsText, type ReplyCondition, readAs, sampleReply, sentence } from './reply-condition.js';
import { readRuleFile } from './rule-file.js';

/** `count` per `perMs`. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

const SHAPING_TLS = ['none', 'may', 'encrypt', 'verify'] as const;
export type ShapingTls = (typeof SHAPING_TLS)[number];

/** Upper bounds for what is sent to a provider. */
export interface ShapingLimits {
  /** Connections at a time from one source. */
  readonly connections: number;
  /** Connections at a time from all sources together; absent: no limit. */
  readonly providerConnections?: number;
  readonly messagesPerConnection: number;
  /** From one source; absent: no limit. */
  readonly connectionRate?: Rate;
  readonly messageRate?: Rate;
  readonly tls: ShapingTls;
}

export interface ShapingProvider {
  readonly name: string;
  /** Suffixes of the names of its mail exchangers. */
  readonly suffixes: readonly string[];
  readonly limits: Partial<ShapingLimits>;
}

/** The shaping action of a response rule, which holds for a while. At least one key is set. */
export interface ShapingChange {
  readonly suspend?: true;
  readonly otherSource?: true;
  readonly connections?: number;
  readonly messagesPerConnection?: number;
  readonly connectionRate?: Rate;
  readonly messageRate?: Rate;
}

export interface ResponseRule extends ReplyCondition {
  readonly id: string;
  /** Name of a provider: only replies of its hosts. */
  readonly site?: string;
  /** The action begins at so many replies within the time; 1 is immediate. */
  readonly threshold: Rate;
  readonly change: ShapingChange;
  /** How long the action holds, ms. */
  readonly duration: number;
  readonly scope: ShapingScope;
  readonly explanation: string;
  readonly sample: string;
}

export interface ShapingRules {
  readonly default: ShapingLimits;
  readonly providers: readonly ShapingProvider[];
  /** The operator's rules come before ours. */
  readonly responses: readonly ResponseRule[];
}

const UNITS: Record<string, number> = { s: SECOND, sec: SECOND, m: MINUTE, min: MINUTE, h: HOUR, hour: HOUR, d: DAY, day: DAY };

/** `100/min`, `5/h`, `3/30m` */
function readRate(value: unknown): Rate | undefined {
  const [, count, times, unit] = (typeof value === 'string' && /^(\d{1,9})\/(\d{0,4})(s|sec|m|min|h|hour|d|day)$/.exec(value)) || [];
  const ms = UNITS[unit ?? ''];
  if (count === undefined || ms === undefined || Number(count) < 1 || times === '0') return undefined;
  return { count: Number(count), perMs: Number(times || 1) * ms };
}

function readDuration(value: unknown): number | undefined {
  const [, count, unit] = (typeof value === 'string' && /^(\d{1,5})(s|m|h|d)$/.exec(value)) || [];
  const ms = Number(count) * (UNITS[unit ?? ''] ?? Number.NaN);
  return ms > 0 && ms <= MAX_DURATION ? ms : undefined;
}

/** The longest time for an action. To hold mail for longer should be the operator's own decision. */
const MAX_DURATION = 7 * DAY;
/** A threshold counts up to this number, because each counter keeps the times of its replies. */
const MAX_THRESHOLD = 1000;

const rate = readAs('a rate such as 100/min, 10/s or 5000/h', readRate);
const count = readAs('a whole number from 1 to 10000', (value) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 10_000 ? value : undefined,
);
const only = readAs('true', (value) => (value === true ? (true as const) : undefined));

const limitsShape = {
  connections: count.optional(),
  providerConnections: count.optional(),
  messagesPerConnection: count.optional(),
  connectionRate: rate.optional(),
  messageRate: rate.optional(),
  tls: z.enum(SHAPING_TLS, { error: `expected one of ${SHAPING_TLS.join(', ')}` }).optional(),
};

const providerShape = {
  name: sentence('the name of a provider'),
  mx: hostSuffixes.optional(),
  replace: z.boolean({ error: 'expected true or false' }).default(false),
  ...limitsShape,
};
const changeShape = {
  suspend: only.optional(),
  otherSource: only.optional(),
  connections: count.optional(),
  messagesPerConnection: count.optional(),
  connectionRate: rate.optional(),
  messageRate: rate.optional(),
};

const SHAPING_SCOPES = ['path', 'tenant', 'domain', 'recipient'] as const;
export type ShapingScope = (typeof SHAPING_SCOPES)[number];

const responseShape = {
  id: readAs('2 to 16 hexadecimal digits, in quotes, such as "a101"', (value) =>
    typeof value === 'string' && /^[0-9a-f]{2,16}$/.test(value) ? value : undefined,
  ),
  provider: z.string({ error: 'expected the name of a provider' }).optional(),
  ...conditionShape,
  threshold: readAs('immediate, or a number within a time such as 5/h or 3/30m', (value) => {
    const read = value === 'immediate' ? { count: 1, perMs: HOUR } : readRate(value);
    return read !== undefined && read.count <= MAX_THRESHOLD ? read : undefined;
  }),
  // biome-ignore lint/suspicious/noThenProperty: the word of the file, on a plain object that nobody awaits.
  then: z
    .strictObject(changeShape, { error: 'expected what to do, such as { suspend: true }' })
    .refine((change) => Object.keys(change).length > 0, { error: 'expected at least one thing to do' }),
  for: readAs('a time of at most a week such as 30m, 2h or 1d', readDuration),
  scope: z.enum(SHAPING_SCOPES, { error: `expected one of ${SHAPING_SCOPES.join(', ')}` }),
  explanation: sentence('a sentence'),
  sample: sampleReply,
};

const response = z
  .strictObject(responseShape, { error: 'expected a rule: a mapping with id, text, threshold, …' })
  .superRefine((given, context) => {
    needsText(given, context);
    if (given.text === undefined && given.enhanced === undefined)
      context.addIssue({ code: 'custom', message: 'expected text or enhanced: a code alone says too little to act on' });
    if (given.scope === 'recipient' && given.threshold.count > 1)
      context.addIssue({ code: 'custom', path: ['threshold'], message: 'expected immediate: replies about one mailbox are not counted' });
    const isHeld = Object.keys(given.then).every((key) => key === 'suspend');
    if (given.scope !== 'path' && !isHeld)
      context.addIssue({ code: 'custom', path: ['then'], message: 'expected only suspend: the rest is about a path' });
  })
  .transform(({ provider, then: change, for: duration, ...rest }): ResponseRule => ({ ...rest, site: provider, change, duration }));

const file = z.strictObject(
  {
    replace: z.boolean({ error: 'expected true or false' }).default(false),
    default: z.strictObject(limitsShape, { error: 'expected a mapping of limits' }).default({}),
    providers: z
      .array(z.strictObject(providerShape, { error: 'expected a mapping with name and mx' }), { error: 'expected a list of providers' })
      .default([]),
    responses: z.array(response, { error: 'expected a list of rules' }).default([]),
  },
  { error: 'expected a mapping with default, providers and responses' },
);
type ShapingFile = z.output<typeof file>;

const KEYS = {
  '': ['replace', 'default', 'providers', 'responses'],
  default: Object.keys(limitsShape),
  providers: Object.keys(providerShape),
  responses: Object.keys(responseShape),
};

const SHIPPED_SHAPING = fileURLToPath(new URL('../../../config/shaping.yaml', import.meta.url));
const BARE: ShapingLimits = { connections: 10, messagesPerConnection: 100, tls: 'may' };

/**
 * Gives our shaping with the operator's `own` file (absolute path) laid over it. A provider of that file changes the keys that it gives of our provider with
 * the same name, or replaces it with `replace: true`. A response rule of it replaces ours with the same id. `replace: true` at the top leaves all of ours
 * out. Throws ConfigError with every problem of a file.
 */
export function loadShaping(own: string | null): ShapingRules {
  const ours = readRuleFile(SHIPPED_SHAPING, file, KEYS, (value) => doubtful(value, []));
  if (own === null) return merged(ours, undefined);
  const known = ours.providers.map(({ name }) => name);
  const theirs = readRuleFile(own, file, KEYS, (value) => doubtful(value, value.replace ? [] : known));
  return theirs.replace ? merged(theirs, undefined) : merged(ours, theirs);
}

type FileProvider = ShapingFile['providers'][number];

function merged(base: ShapingFile, over: ShapingFile | undefined): ShapingRules {
  const providers = new Map<string, FileProvider>(base.providers.map((provider) => [provider.name, provider]));
  for (const provider of over?.providers ?? []) {
    const before = providers.get(provider.name);
    providers.set(provider.name, before === undefined || provider.replace ? provider : { ...before, ...provider });
  }
  const replaced = new Set(over?.responses.map(({ id }) => id));
  return {
    default: { ...BARE, ...base.default, ...over?.default },
    providers: [...providers.values()].map(({ name, mx, replace: _, ...limits }) => ({ name, suffixes: mx ?? [], limits })),
    responses: [...(over?.responses ?? []), ...base.responses.filter(({ id }) => !replaced.has(id))],
  };
}

/** Problems that are seen only in the file as a whole. `known`: those of our providers that the file may name. */
function doubtful({ providers, responses }: ShapingFile, known: readonly string[]) {
  const problems: { path: PropertyKey[]; message: string }[] = [];
  const names = new Set<string>();
  for (const [index, { name, mx, replace }] of providers.entries()) {
    if (names.has(name))
      problems.push({ path: ['providers', index, 'name'], message: `"${name}" is there already: expected another name` });
    names.add(name);
    const isNew = replace || !known.includes(name);
    if (isNew && (mx === undefined || mx.length === 0))
      problems.push({
        path: ['providers', index, 'mx'],
        message: 'missing: expected a list of domains, because this provider is not one of ours',
      });
  }
  const ids = new Set<string>();
  for (const [index, { id, site }] of responses.entries()) {
    if (ids.has(id))
      problems.push({ path: ['responses', index, 'id'], message: `"${id}" is taken by an earlier rule: expected another id` });
    ids.add(id);
    const valid = [...known, ...names];
    if (site !== undefined && !valid.includes(site))
      problems.push({ path: ['responses', index, 'provider'], message: `"${site}": expected one of ${valid.join(', ')}` });
  }
  return problems;
}
