/** What replies made us do survives a restart: written when a rule brings or prolongs it, done again at start for as long as it had left. */
import type { Logger } from 'pino';
import type { SteadyClock } from '#core';
import type { SpoolStore } from '#store';
import { type Override, overrideName, type ResponseRules } from './shaping-responses.js';

export interface Restrictions {
  /** Written a moment later; a failure is logged, and only a restart would notice. */
  keep(override: Override): void;
  /** Takes back what an earlier process left. Call before anything is attempted. */
  load(): Promise<void>;
}

export interface RestrictionsDeps {
  store: Pick<SpoolStore, 'restrictions' | 'saveRestriction'>;
  responses: Pick<ResponseRules, 'all' | 'restore'>;
  /** Does what a restriction says. */
  obey: (override: Override) => void;
  clock: SteadyClock;
  logger: Logger;
}

/** As many as the rules keep in memory. */
const MAX_LOADED = 10_000;

export function makeRestrictions({ store, responses, obey, clock, logger }: RestrictionsDeps): Restrictions {
  return {
    keep(override) {
      if (override.key.scope === 'recipient') return;
      const kept = { ...override, until: clock.wall(override.until) };
      const row = { subject: overrideName(kept.key), rule: kept.ruleId, until: kept.until, body: JSON.stringify(kept) };
      store.saveRestriction(row).catch((err: unknown) => logger.error({ err, rule: override.ruleId }, 'a restriction could not be kept'));
    },
    async load() {
      const rows = await store.restrictions(clock.now(), MAX_LOADED);
      // What ends last is the last to be forgotten.
      responses.restore(rows.reverse().map(({ body }) => JSON.parse(body) as Override));
      const restored = responses.all();
      for (const override of restored) obey(override);
      if (restored.length > 0) logger.info({ restrictions: restored.length }, 'restrictions of an earlier run still hold');
    },
  };
}
