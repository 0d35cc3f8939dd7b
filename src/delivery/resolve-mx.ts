/** Gives the attempt the hosts to try: the destination's mail exchangers, or the smarthost configured for it. */
import { shuffle } from '#core';
import { deferred, failed } from './end-attempt.js';
import type { Route, Routes } from './routes.js';
import type { Attempt, NextHop, Step, StepResult } from './step.js';

export function makeResolveMx({ routes }: { routes: Routes }): Step {
  return {
    name: 'resolve-mx',
    run(attempt) {
      const { destinationName } = attempt.delivery;
      const route = routes.known(destinationName);
      return route === undefined ? routes.resolve(destinationName).then((found) => follow(attempt, found)) : follow(attempt, route);
    },
  };
}

function follow(attempt: Attempt, { transport, hops, none }: Route): StepResult {
  if (none !== undefined) return (none.permanent ? failed : deferred)(attempt, 'dns', none.reply);
  attempt.transport = transport;
  attempt.hops = spread(hops);
  return 'next';
}

/** Hosts of the same preference share the load: each attempt has them in another order (RFC 5321 5.1). */
function spread(hops: readonly NextHop[]): NextHop[] {
  if (hops.length === 1) return [...hops];
  // The sort is stable, so equal preferences keep the shuffled order.
  return shuffle([...hops]).sort((one, other) => one.preference - other.preference);
}
