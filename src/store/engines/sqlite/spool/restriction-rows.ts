/** Restrictions in spool.db: written when a reply causes one, read once at start, removed by the sweep when they are over. */
import type { KeptRestriction, RestrictionStore } from '../../../restriction-store.js';
import { keptUntil } from '../../../retention.js';
import type { Answers, Noun } from '../database/nouns.js';
import type { Connection } from '../database/open-database.js';

export const RESTRICTION_SQL = {
  current: 'SELECT subject, rule, until, body FROM restriction WHERE until > ? ORDER BY until DESC LIMIT ?',
  sweep: `DELETE FROM restriction WHERE (subject, rule) IN
    (SELECT subject, rule FROM restriction WHERE until <= ? ORDER BY until LIMIT ?)`,
};

function makeRestrictionLookups(database: Connection): Answers<RestrictionStore, 'restrictions'> {
  const current = database.prepare<[number, number], KeptRestriction>(RESTRICTION_SQL.current);
  return { restrictions: (now, limit) => current.all(now, limit) };
}

function makeRestrictionWrites(database: Connection): Answers<RestrictionStore, 'saveRestriction'> {
  const save = database.prepare('INSERT OR REPLACE INTO restriction (subject, rule, until, body) VALUES (?, ?, ?, ?)');
  return {
    saveRestriction({ subject, rule, until, body }) {
      save.run(subject, rule, until, body);
    },
  };
}

export const restrictionRows = {
  tables: { restriction: keptUntil('it is over') },
  lookups: makeRestrictionLookups,
  writes: makeRestrictionWrites,
} satisfies Noun<unknown>;

/** Deletes restrictions that are over, at most `limit`. Gives how many. */
export function makeRestrictionSweep(database: Connection): (now: number, limit: number) => number {
  const remove = database.prepare<[number, number]>(RESTRICTION_SQL.sweep);
  return (now, limit) => remove.run(now, limit).changes;
}
