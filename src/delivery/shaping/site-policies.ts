/**
 * What a site takes from one of our sources now: the shaping of its provider, made stricter by the restrictions that its replies brought. Kept for a
 * moment, because it is asked for every message. A smarthost is the operator's own and has no shaping.
 */
import type { ShapingRules } from '#config';
import { type Clock, SECOND } from '#core';
import type { SiteFacts } from '#routing';
import type { Path } from '../paths/paths.js';
import { applyRestrictions, type EffectivePolicy, makeShaping, type ShapingPolicy } from './shaping-policy.js';
import type { ResponseRules } from './shaping-responses.js';

export type PathName = Pick<Path, 'source' | 'site'>;

export interface SitePolicies {
  /** Undefined: no limits but the server's own. */
  of(path: PathName): EffectivePolicy | undefined;
  /** Something about the path has changed. */
  forget(path: PathName): void;
}

/** The shaping of a site without its restrictions. Undefined: no limits but the server's own. */
export type SiteShaping = (site: string) => ShapingPolicy | undefined;

const KEPT_MS = SECOND;
const MAX_KEPT = 10_000;

export interface SiteShapingDeps {
  rules: Pick<ShapingRules, 'default' | 'providers'>;
  siteFacts: (site: string) => SiteFacts | undefined;
  clock: Pick<Clock, 'monotonic'>;
}

export interface SitePoliciesDeps extends SiteShapingDeps {
  responses: Pick<ResponseRules, 'active'>;
}

export function makeSiteShaping({ rules, siteFacts, clock }: SiteShapingDeps): SiteShaping {
  const shaping = makeShaping(rules);
  const make = (site: string) => {
    const facts = siteFacts(site);
    return facts === undefined ? undefined : shaping.policyFor(facts.mxHosts, facts.destination);
  };
  return keepBriefly(clock, (site: string) => site, make).of;
}

export function makeSitePolicies({ responses, ...deps }: SitePoliciesDeps): SitePolicies {
  const shapingOf = makeSiteShaping(deps);
  const keyOf = ({ source, site }: PathName) => `${source} ${site}`;

  function make({ source, site }: PathName): EffectivePolicy | undefined {
    const shaping = shapingOf(site);
    if (shaping === undefined) return undefined;
    return applyRestrictions(shaping, responses.active({ source, site, tenant: '', destination: '' }));
  }

  return keepBriefly(deps.clock, keyOf, make);
}

interface Brief<S, T> {
  of(subject: S): T;
  forget(subject: S): void;
}

function keepBriefly<S, T>(clock: Pick<Clock, 'monotonic'>, keyOf: (subject: S) => string, make: (subject: S) => T): Brief<S, T> {
  const kept = new Map<string, { until: number; value: T }>();
  return {
    of(subject) {
      const key = keyOf(subject);
      const known = kept.get(key);
      if (known !== undefined && known.until > clock.monotonic()) return known.value;
      if (kept.size >= MAX_KEPT) kept.clear();
      const value = make(subject);
      kept.set(key, { until: clock.monotonic() + KEPT_MS, value });
      return value;
    },
    forget: (subject) => void kept.delete(keyOf(subject)),
  };
}
