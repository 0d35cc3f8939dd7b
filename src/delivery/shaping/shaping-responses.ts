/** Turns replies into restrictions for a while, by rules with thresholds. Knows no sockets and no timers; its memory is bounded. */
import type { ResponseRule, ShapingChange, ShapingRules, ShapingScope } from '#config';
import type { Clock, SmtpReply, Stage } from '#core';
import { makeMatcher, siteOf } from '#replies';

/** One refusal (4xx or 5xx). */
export interface Response {
  /** A peer said this. What we say ourselves of timeouts and lost connections never meets a rule. */
  isRemote: boolean;
  /** Source IP, or its name. */
  source: string;
  /** The destination's mail exchangers as one name, as the scheduler groups them. */
  site: string;
  /** Account. */
  tenant: string;
  /** The recipient's domain. */
  destination: string;
  /** Whole address. */
  recipient: string;
  /** The host that answered, or all of the destination's; the first that belongs to a provider counts. */
  mxHosts: readonly string[];
  reply: SmtpReply;
  stage: Stage;
}

/** What the restriction is about. */
export type RestrictionKey =
  | { scope: 'path'; source: string; site: string }
  | { scope: 'tenant'; tenant: string; site: string }
  | { scope: 'domain'; destination: string }
  /** Counted by mailbox, but only the delivery that was answered so is put off: `until` is when it may be tried again. Not kept here. */
  | { scope: 'recipient'; recipient: string };

export interface Restriction {
  readonly ruleId: string;
  readonly key: RestrictionKey;
  readonly change: ShapingChange;
  /** ms since the epoch. */
  readonly until: number;
  /** For people: why. */
  readonly explanation: string;
  /** The reply that tipped it. */
  readonly reply: string;
}

/** Whose mail is asked about. */
export interface Subject {
  source: string;
  site: string;
  tenant: string;
  destination: string;
}

export interface ResponseRules {
  /** The rule that such a reply meets, whatever its threshold. */
  match(response: Response): ResponseRule | undefined;
  /** Counts the reply; gives the restrictions that it brings or prolongs, usually none. */
  note(response: Response): Restriction[];
  /** The restrictions that hold for this mail now. */
  active(subject: Subject): Restriction[];
  /** Every restriction that holds now, for the operator. */
  all(): Restriction[];
  /** Takes restrictions back, such as those kept over a restart; those that are over are left out. */
  restore(restrictions: readonly Restriction[]): void;
  /** Lifts what the operator does not want; gives how many. */
  lift(which: (restriction: Restriction) => boolean): number;
}

/** So many are kept of mailbox counters, of other counters, and of restrictions. Those not heard of for longest are forgotten first. */
const MAX_KEPT = 10_000;

export function makeResponseRules(
  { responses, providers }: Pick<ShapingRules, 'responses' | 'providers'>,
  clock: Pick<Clock, 'now'>,
): ResponseRules {
  const matcher = makeMatcher(responses);
  /** Times of the last replies by rule and key, ms, oldest first. Mailboxes have counters of their own, so that many of them push out no other. */
  const mailboxes = new Map<string, number[]>();
  const others = new Map<string, number[]>();
  const restrictions = new Map<string, Map<string, Restriction>>();
  const durations = new Map(responses.map(({ id, duration }) => [id, duration]));
  let kept = 0;

  function match({ isRemote, stage, reply, mxHosts, destination }: Response): ResponseRule | undefined {
    if (!isRemote || stage === 'local' || stage === 'dns' || reply.code < 400) return undefined;
    const site = mxHosts.map((host) => siteOf(providers, host)).find((name) => name !== undefined) ?? siteOf(providers, destination);
    return matcher.first({ stage, reply, mxHost: mxHosts[0], destination }, site)?.rule;
  }

  /** True when this reply makes it enough; the count begins anew then. */
  function isEnough(rule: ResponseRule, key: string, now: number): boolean {
    const { count, perMs } = rule.threshold;
    if (count === 1) return true;
    const counters = rule.scope === 'recipient' ? mailboxes : others;
    const name = `${rule.id} ${key}`;
    const times = (counters.get(name) ?? []).filter((time) => time > now - perMs && time <= now);
    times.push(now);
    // Deleted first: a Map keeps the order of insertion, so what is first is what was not heard of for longest.
    counters.delete(name);
    if (times.length >= count) return true;
    counters.set(name, times);
    for (const oldest of counters.keys()) {
      if (counters.size <= MAX_KEPT) break;
      counters.delete(oldest);
    }
    return false;
  }

  function keep(name: string, restriction: Restriction): void {
    const rules = restrictions.get(name) ?? new Map<string, Restriction>();
    if (!rules.has(restriction.ruleId)) kept++;
    rules.set(restriction.ruleId, restriction);
    restrictions.delete(name);
    restrictions.set(name, rules);
    if (kept > MAX_KEPT) forgetOver(clock.now());
    for (const [oldest, gone] of restrictions) {
      if (kept <= MAX_KEPT) break;
      restrictions.delete(oldest);
      kept -= gone.size;
    }
  }

  function forgetOver(now: number): void {
    drop((restriction) => restriction.until <= now);
  }

  function drop(which: (restriction: Restriction) => boolean): number {
    let dropped = 0;
    for (const [name, rules] of restrictions) {
      for (const [id, restriction] of rules) if (which(restriction) && rules.delete(id)) dropped++;
      if (rules.size === 0) restrictions.delete(name);
    }
    kept -= dropped;
    return dropped;
  }

  const current = (name: string, now: number): Restriction[] =>
    [...(restrictions.get(name)?.values() ?? [])].filter(({ until }) => until > now);

  return {
    match,
    note(response) {
      const rule = match(response);
      if (rule === undefined) return [];
      const now = clock.now();
      const key = keyOf(rule.scope, response);
      const name = restrictionName(key);
      if (!isEnough(rule, name, now)) return [];
      const { code, text } = response.reply;
      const made = {
        ruleId: rule.id,
        key,
        change: rule.change,
        until: now + rule.duration,
        explanation: rule.explanation,
        reply: `${code} ${text}`,
      };
      if (key.scope !== 'recipient') keep(name, made);
      return [made];
    },
    active({ source, site, tenant, destination }) {
      const now = clock.now();
      const keys: RestrictionKey[] = [
        { scope: 'path', source, site },
        { scope: 'tenant', tenant, site },
        { scope: 'domain', destination },
      ];
      return keys.flatMap((key) => current(restrictionName(key), now));
    },
    all() {
      const now = clock.now();
      forgetOver(now);
      return [...restrictions.keys()].flatMap((name) => current(name, now));
    },
    restore(saved) {
      const now = clock.now();
      for (const restriction of saved) {
        if (restriction.until <= now || restriction.key.scope === 'recipient') continue;
        // A clock that was set back in between must not make it longer than the rule ever would.
        const longest = now + (durations.get(restriction.ruleId) ?? Number.POSITIVE_INFINITY);
        keep(restrictionName(restriction.key), { ...restriction, until: Math.min(restriction.until, longest) });
      }
    },
    lift: drop,
  };
}

function keyOf(scope: ShapingScope, { source, site, tenant, destination, recipient }: Response): RestrictionKey {
  switch (scope) {
    case 'path':
      return { scope, source, site };
    case 'tenant':
      return { scope, tenant, site };
    case 'domain':
      return { scope, destination };
    case 'recipient':
      return { scope, recipient };
  }
}

/** The key as text; equal keys have equal names. */
export function restrictionName(key: RestrictionKey): string {
  switch (key.scope) {
    case 'path':
      return JSON.stringify(['path', key.source, key.site]);
    case 'tenant':
      return JSON.stringify(['tenant', key.tenant, key.site]);
    case 'domain':
      return JSON.stringify(['domain', key.destination]);
    case 'recipient':
      return JSON.stringify(['recipient', key.recipient]);
  }
}
