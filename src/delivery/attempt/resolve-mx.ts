/** Gives the attempt the hosts to try: the destination's mail exchangers, or the smarthost configured for it. */

import { type LastAttempt, shuffle } from '#core';
import { mxMatches, type StsPolicy } from '#net';
import { type NextHop, type Route, type Routes, transportRequirement } from '#routing';
import type { SiteShaping } from '../shaping/site-policies.js';
import { deferred, failed } from './end-attempt.js';
import type { Attempt, AttemptStep, StepResult } from './step.js';

/** Messages on one connection when no other number is set. */
const MAX_MESSAGES = 100;

export function makeResolveMx({ routes, shapingOf }: { routes: Routes; shapingOf: SiteShaping }): AttemptStep {
  return {
    name: 'resolve-mx',
    run(attempt) {
      const { destinationName } = attempt.delivery;
      if (attempt.via.transport !== undefined) return follow(attempt, routes.through(attempt.via.transport), shapingOf);
      const route = routes.known(destinationName);
      return route === undefined
        ? routes.resolve(destinationName).then((found) => follow(attempt, found, shapingOf))
        : follow(attempt, route, shapingOf);
    },
  };
}

function follow(attempt: Attempt, { site, transport, hops, sts, none }: Route, shapingOf: SiteShaping): StepResult {
  if (none !== undefined) return (none.permanent ? failed : deferred)(attempt, 'dns', none.reply);
  attempt.transport = transport;
  attempt.hops = namedFirst(goOnBehind(attempt.delivery.last, spread(hops)), sts);
  attempt.sts = sts;
  const shaping = shapingOf(site);
  const shaped = shaping?.tls ?? 'may';
  attempt.siteTls = transport !== undefined ? transportRequirement(transport) : sts?.mode === 'enforce' ? 'verify' : shaped;
  attempt.maxMessages = Math.min(shaping?.messagesPerConnection ?? MAX_MESSAGES, attempt.limits.maxMessages);
  return 'next';
}

/** Hosts that an enforced policy does not name get no mail. They are kept at the end, only to say so if no other host can be had. */
function namedFirst(hops: NextHop[], sts: StsPolicy | undefined): NextHop[] {
  if (sts?.mode !== 'enforce') return hops;
  const isNamed = ({ name }: NextHop) => mxMatches(sts, name);
  return [...hops.filter(isNamed), ...hops.filter((hop) => !isNamed(hop))];
}

/**
 * Begins behind the host that put the message off last, so that a host that says 4xx for ever does not keep the message from the others. After a
 * greylisting the order stays, because that host knows us when we come back.
 */
function goOnBehind(last: LastAttempt | undefined, hops: NextHop[]): NextHop[] {
  if (last === undefined || last.source !== undefined) return hops;
  const begin = hops.findIndex(({ name }) => name === last.mxHost) + 1;
  return [...hops.slice(begin), ...hops.slice(0, begin)];
}

/** Hosts of the same preference share the load: each attempt has them in another order (RFC 5321 5.1). */
function spread(hops: readonly NextHop[]): NextHop[] {
  if (hops.length === 1) return [...hops];
  // The sort is stable, so equal preferences keep the shuffled order.
  return shuffle([...hops]).sort((one, other) => one.preference - other.preference);
}
