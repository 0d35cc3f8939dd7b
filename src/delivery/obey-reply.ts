/** Does what the response rules say after a refusal: leaves a path, an account at a site, a domain or a recipient alone, or goes slower. */
import type { Delivery, Outcome } from '#core';
import type { Queue } from '#queue';
import type { Path, Paths } from './paths.js';
import type { Override, ResponseRules } from './shaping-responses.js';
import type { SitePolicies } from './site-policies.js';
import type { Suspensions } from './suspensions.js';

export interface ObeyDeps {
  queue: Pick<Queue, 'pause'>;
  paths: Pick<Paths, 'suspend'>;
  suspensions: Pick<Suspensions, 'begin'>;
  responses: Pick<ResponseRules, 'note'>;
  policies: Pick<SitePolicies, 'forget'>;
}

/** Gives the time before which this delivery may not be tried again, ms since the epoch; undefined when no rule says so. */
export type ObeyReply = (path: Path, delivery: Delivery, outcome: Outcome) => number | undefined;

export function makeObeyReply({ queue, paths, suspensions, responses, policies }: ObeyDeps): ObeyReply {
  function obey(path: Path, account: number, { key, change, until, explanation, reply }: Override): number | undefined {
    const why = `${explanation} (${reply})`;
    policies.forget(path);
    if (change.suspend !== true) return undefined;
    switch (key.scope) {
      case 'path':
        paths.suspend(path, until);
        suspensions.begin(path, why);
        return undefined;
      case 'tenant':
        queue.pause({ account, site: path.site }, until, why);
        return undefined;
      case 'domain':
        queue.pause({ destination: key.destination }, until, why);
        return undefined;
      case 'recipient':
        return until;
    }
  }

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
      mxHosts: connection.mxHost === undefined ? [] : [connection.mxHost],
      reply,
      stage,
    });
    const times = overrides.map((override) => obey(path, delivery.account, override) ?? 0);
    return times.length > 0 ? Math.max(...times) : undefined;
  };
}
