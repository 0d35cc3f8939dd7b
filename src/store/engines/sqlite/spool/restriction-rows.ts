/** Restrictions in spool.db: written as replies bring them, read once at start, swept when they are over. */
import type { KeptRestriction } from '../../../restriction-store.js';
import type { Connection } from '../database/open-database.js';

export const RESTRICTION_SQL = {
  current: 'SELECT subject, rule, until, body FROM restriction WHERE until > ? ORDER BY until DESC LIMIT ?',
  sweep: `DELETE FROM restriction WHERE (subject, rule) IN
    (SELECT subject, rule FROM restriction WHERE until <= ? ORDER BY until LIMIT ?)`,
};

export function makeRestrictionReads(database: Connection) {
  const current = database.prepare<[number, number], KeptRestriction>(RESTRICTION_SQL.current);
  return { restrictions: (now: number, limit: number): KeptRestriction[] => current.all(now, limit) };
}

export function makeRestrictionWrites(database: Connection) {
  const save = database.prepare('INSERT OR REPLACE INTO restriction (subject, rule, until, body) VALUES (?, ?, ?, ?)');
  return {
    saveRestriction({ subject, rule, until, body }: KeptRestriction): void {
      save.run(subject, rule, until, body);
    },
  };
}

/** Deletes what is over, at most `limit`; gives how many. */
export function makeRestrictionSweep(database: Connection): (now: number, limit: number) => number {
  const remove = database.prepare<[number, number]>(RESTRICTION_SQL.sweep);
  return (now, limit) => remove.run(now, limit).changes;
}
