/** Does what the response rules say after a refusal: leaves a path, an account at a site, a domain or a recipient alone, or goes slower. */
import type { Delivery, Outcome, SteadyClock } from '#core';
import type { Queue } from '#queue';
import type { Path, Paths } from '../paths/paths.js';
import type { Override, ResponseRules } from '../shaping/shaping-responses.js';
import type { SitePolicies } from '../shaping/site-policies.js';
import type { Suspensions } from './suspensions.js';

export interface ObeyDeps {
  queue: Pick<Queue, 'pause'>;
  paths: Pick<Paths, 'get' | 'suspend'>;
  suspensions: Pick<Suspensions, 'begin'>;
  policies: Pick<SitePolicies, 'forget'>;
}

export interface ObeyReplyDeps {
  responses: Pick<ResponseRules, 'note'>;
  obey: (override: Override) => number | undefined;
  /** Told of what must outlive a restart. */
  keep: (override: Override) => void;
  clock: Pick<SteadyClock, 'wall'>;
}

/** Gives the time before which this delivery may not be tried again, ms since the epoch; undefined when no rule says so. */
export type ObeyReply = (path: Path, delivery: Delivery, outcome: Outcome) => number | undefined;

/** Does what a restriction says, now and until it is over. Gives the time before which the delivery that was answered so may not be tried again. */
export function makeObey({ queue, paths, suspensions, policies }: ObeyDeps): (override: Override) => number | undefined {
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

export function makeObeyReply({ responses, obey, keep, clock }: ObeyReplyDeps): ObeyReply {
  return (path, delivery, outcome) => {
    // Only what a peer said has been classified: our own words never meet a rule.
    if (outcome.kind === 'released' || outcome.kind === 'delivered' || outcome.rule === undefined) return undefined;
    const { reply, stage, connection } = outcome;
    const overrides = responses.note({
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
    overrides.forEach(keep);
    const times = overrides.map((override) => obey(override) ?? 0);
    return times.length > 0 ? clock.wall(Math.max(...times)) : undefined;
  };
}
