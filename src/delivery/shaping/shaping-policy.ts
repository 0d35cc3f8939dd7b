/** How much of our mail a host's provider takes, before and after what its replies made us do. Pure. */
import type { Rate, ShapingLimits, ShapingRules } from '#config';
import { siteOf } from '#replies';
import type { Restriction } from './shaping-responses.js';

export interface ShapingPolicy extends ShapingLimits {
  /** Absent: nobody we have numbers for; the defaults hold. */
  readonly provider?: string;
}

/** The policy now, with the restrictions that apply. */
export interface EffectivePolicy extends ShapingPolicy {
  /** Nothing is sent before, ms since the epoch; 0: nothing is suspended. */
  readonly suspendedUntil: number;
  /** Another source is better until then, ms since the epoch; 0: no. */
  readonly otherSourceUntil: number;
}

export interface Shaping {
  /** Name of the provider that these hosts belong to: the first of them that belongs to one, or the destination itself. */
  providerOf(mxHosts: readonly string[], destination: string): string | undefined;
  policyFor(mxHosts: readonly string[], destination: string): ShapingPolicy;
}

export function makeShaping(rules: Pick<ShapingRules, 'default' | 'providers'>): Shaping {
  const policies = new Map<string, ShapingPolicy>(
    rules.providers.map(({ name, limits }) => [name, { ...rules.default, ...limits, provider: name }]),
  );
  const providerOf = (mxHosts: readonly string[], destination: string) => {
    for (const host of mxHosts) {
      const provider = siteOf(rules.providers, host);
      if (provider !== undefined) return provider;
    }
    return siteOf(rules.providers, destination);
  };
  return {
    providerOf,
    policyFor: (mxHosts, destination) => policies.get(providerOf(mxHosts, destination) ?? '') ?? rules.default,
  };
}

/** The stricter of the policy and each restriction. Restrictions that are over are the caller's to leave out. */
export function applyRestrictions(policy: ShapingPolicy, restrictions: readonly Restriction[]): EffectivePolicy {
  let result: EffectivePolicy = { ...policy, suspendedUntil: 0, otherSourceUntil: 0 };
  for (const { change, until } of restrictions) {
    result = {
      ...result,
      connections: Math.min(result.connections, change.connections ?? result.connections),
      messagesPerConnection: Math.min(result.messagesPerConnection, change.messagesPerConnection ?? result.messagesPerConnection),
      connectionRate: slower(result.connectionRate, change.connectionRate),
      messageRate: slower(result.messageRate, change.messageRate),
      suspendedUntil: Math.max(result.suspendedUntil, change.suspend ? until : 0),
      otherSourceUntil: Math.max(result.otherSourceUntil, change.otherSource ? until : 0),
    };
  }
  return result;
}

function slower(a: Rate | undefined, b: Rate | undefined): Rate | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.count / a.perMs <= b.count / b.perMs ? a : b;
}
