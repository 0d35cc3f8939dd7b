/**
 * What a site takes from us now: the shaping of its provider, made stricter by what its replies brought. Kept for a moment, because it is asked for
 * every message. A smarthost is the operator's own and has no shaping.
 */
import type { ShapingRules } from '#config';
import { type Clock, SECOND } from '#core';
import { DEFAULT_SOURCE } from './paths.js';
import type { SiteFacts } from './routes.js';
import { applyOverrides, type EffectivePolicy, makeShaping } from './shaping-policy.js';
import type { ResponseRules } from './shaping-responses.js';

export interface SitePolicies {
  /** Undefined: no limits but the server's own. */
  of(site: string): EffectivePolicy | undefined;
  /** Something about the site has changed. */
  forget(site: string): void;
}

const KEPT_MS = SECOND;
const MAX_KEPT = 10_000;

export interface SitePoliciesDeps {
  rules: ShapingRules;
  responses: Pick<ResponseRules, 'active'>;
  siteFacts: (site: string) => SiteFacts | undefined;
  clock: Clock;
}

export function makeSitePolicies({ rules, responses, siteFacts, clock }: SitePoliciesDeps): SitePolicies {
  const shaping = makeShaping(rules);
  const kept = new Map<string, { until: number; policy: EffectivePolicy | undefined }>();

  function make(site: string): EffectivePolicy | undefined {
    const facts = siteFacts(site);
    if (facts === undefined) return undefined;
    const overrides = responses.active({ source: DEFAULT_SOURCE, site, tenant: '', destination: '' });
    return applyOverrides(shaping.policyFor(facts.mxHosts, facts.destination), overrides);
  }

  return {
    of(site) {
      const known = kept.get(site);
      if (known !== undefined && known.until > clock.monotonic()) return known.policy;
      if (kept.size >= MAX_KEPT) kept.clear();
      const policy = make(site);
      kept.set(site, { until: clock.monotonic() + KEPT_MS, policy });
      return policy;
    },
    forget: (site) => void kept.delete(site),
  };
}
