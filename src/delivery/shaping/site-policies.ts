/**
 * What a site takes from one of our sources now: the shaping of its provider, made stricter by what its replies brought. Kept for a moment, because it is asked for
 * every message. A smarthost is the operator's own and has no shaping.
 */
import type { ShapingRules } from '#config';
import { type Clock, SECOND } from '#core';
import type { SiteFacts } from '#routing';
import type { Path } from '../paths/paths.js';
import { applyRestrictions, type EffectivePolicy, makeShaping } from './shaping-policy.js';
import type { ResponseRules } from './shaping-responses.js';

export type PathName = Pick<Path, 'source' | 'site'>;

export interface SitePolicies {
  /** Undefined: no limits but the server's own. */
  of(path: PathName): EffectivePolicy | undefined;
  /** Something about the path has changed. */
  forget(path: PathName): void;
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

  const keyOf = ({ source, site }: PathName) => `${source} ${site}`;

  function make({ source, site }: PathName): EffectivePolicy | undefined {
    const facts = siteFacts(site);
    if (facts === undefined) return undefined;
    const restrictions = responses.active({ source, site, tenant: '', destination: '' });
    return applyRestrictions(shaping.policyFor(facts.mxHosts, facts.destination), restrictions);
  }

  return {
    of(path) {
      const key = keyOf(path);
      const known = kept.get(key);
      if (known !== undefined && known.until > clock.monotonic()) return known.policy;
      if (kept.size >= MAX_KEPT) kept.clear();
      const policy = make(path);
      kept.set(key, { until: clock.monotonic() + KEPT_MS, policy });
      return policy;
    },
    forget: (path) => void kept.delete(keyOf(path)),
  };
}
