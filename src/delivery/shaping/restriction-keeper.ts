/** Lets restrictions outlive a restart: each is written when a rule brings or prolongs it, and applied again at start for the time that it has left. */
import type { Logger } from 'pino';
import type { SteadyClock } from '#core';
import type { SpoolStore } from '#store';
import { type ResponseRules, type Restriction, restrictionName } from './shaping-responses.js';

export interface RestrictionKeeper {
  /** Written a moment later. A failure is logged; the restriction is then gone after a restart. */
  keep(restriction: Restriction): void;
  /** Takes back what an earlier process left. Call before anything is attempted. */
  load(): Promise<void>;
}

export interface RestrictionKeeperDeps {
  store: Pick<SpoolStore, 'restrictions' | 'saveRestriction'>;
  responses: Pick<ResponseRules, 'all' | 'restore'>;
  /** Does what a restriction says. */
  apply: (restriction: Restriction) => void;
  clock: SteadyClock;
  logger: Logger;
}

/** As many as the rules keep in memory. */
const MAX_LOADED = 10_000;

export function makeRestrictionKeeper({ store, responses, apply, clock, logger }: RestrictionKeeperDeps): RestrictionKeeper {
  return {
    keep(restriction) {
      if (restriction.key.scope === 'recipient') return;
      const kept = { ...restriction, until: clock.wall(restriction.until) };
      const row = { subject: restrictionName(kept.key), rule: kept.ruleId, until: kept.until, body: JSON.stringify(kept) };
      store
        .saveRestriction(row)
        .catch((err: unknown) => logger.error({ err, rule: restriction.ruleId }, 'a restriction could not be kept'));
    },
    async load() {
      const rows = await store.restrictions(clock.now(), MAX_LOADED);
      // Those that end last come last, because the first are forgotten first.
      responses.restore(rows.reverse().map(({ body }) => JSON.parse(body) as Restriction));
      const restored = responses.all();
      for (const restriction of restored) apply(restriction);
      if (restored.length > 0) logger.info({ restrictions: restored.length }, 'restrictions of an earlier run still hold');
    },
  };
}
