/** Does what the response rules say after a refusal: suspends a path, pauses an account at a site or a domain, defers a delivery, or goes slower. */
import type { Delivery, Outcome, SteadyClock } from '#core';
import type { Queue } from '#queue';
import type { Path, Paths } from '../paths/paths.js';
import type { ResponseRules, Restriction } from '../shaping/shaping-responses.js';
import type { SitePolicies } from '../shaping/site-policies.js';
import type { Suspensions } from './suspensions.js';

export interface ApplyRestrictionDeps {
  queue: Pick<Queue, 'pause'>;
  paths: Pick<Paths, 'get' | 'suspend'>;
  suspensions: Pick<Suspensions, 'begin'>;
  policies: Pick<SitePolicies, 'forget'>;
}

export interface ShapingActionDeps {
  responses: Pick<ResponseRules, 'note'>;
  apply: (restriction: Restriction) => number | undefined;
  /** Told of what must outlive a restart. */
  keep: (restriction: Restriction) => void;
  clock: Pick<SteadyClock, 'wall'>;
}

/** Gives the time before which this delivery may not be tried again, ms since the epoch; undefined when no rule says so. */
export type ShapingAction = (path: Path, delivery: Delivery, outcome: Outcome) => number | undefined;

/** Does what a restriction says, now and until it is over. Gives the time before which the delivery that was answered so may not be tried again. */
export function makeApplyRestriction({
  queue,
  paths,
  suspensions,
  policies,
}: ApplyRestrictionDeps): (restriction: Restriction) => number | undefined {
  return ({ key, change, until, explanation, reply }) => {
    const why = `${explanation} (${reply})`;
    const path = key.scope === 'path' ? paths.get(key.site, key.source) : undefined;
    if (path !== undefined) policies.forget(path);
    if (change.suspend !== true) return undefined;
    switch (key.scope) {
      case 'path':
        if (path === undefined) return undefined;
        paths.suspend(path, until);
        suspensions.begin(path, why);
        return undefined;
      case 'tenant':
        queue.pause({ account: Number(key.tenant), site: key.site }, until, why);
        return undefined;
      case 'domain':
        queue.pause({ destination: key.destination }, until, why);
        return undefined;
      case 'recipient':
        return until;
    }
  };
}

export function makeShapingAction({ responses, apply, keep, clock }: ShapingActionDeps): ShapingAction {
  return (path, delivery, outcome) => {
    // Only a peer's reply has a rule. What this server says itself meets none.
    if (outcome.kind === 'released' || outcome.kind === 'delivered' || outcome.rule === undefined) return undefined;
    const { reply, stage, connection } = outcome;
    const restrictions = responses.note({
      isRemote: true,
      source: path.source,
      site: path.site,
      tenant: String(delivery.account),
      destination: delivery.destinationName,
      recipient: delivery.recipient,
      mxHosts: connection.mxHost === undefined ? [] : [connection.mxHost],
      reply,
      stage,
    });
    restrictions.forEach(keep);
    const times = restrictions.map((restriction) => apply(restriction) ?? 0);
    return times.length > 0 ? clock.wall(Math.max(...times)) : undefined;
  };
}
