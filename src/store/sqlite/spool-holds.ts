/** What operators hold back. Few rows: they are read once, at start. */
import type { Hold } from '../spool-store.js';
import type { Connection } from './open-database.js';

type HoldRow = { [K in keyof Hold]-?: undefined extends Hold[K] ? Exclude<Hold[K], undefined> | null : Hold[K] };

export function makeHoldReads(database: Connection) {
  const all = database.prepare<[], HoldRow>('SELECT id, account, domain, destination, site, message, reason, at FROM hold ORDER BY id');
  return {
    holds: (): Hold[] =>
      all.all().map(({ id, account, reason, at, ...fields }) => {
        const given = Object.entries(fields).filter(([, value]) => value !== null);
        return { id, account, reason, at, ...Object.fromEntries(given) };
      }),
  };
}

export function makeHoldWrites(database: Connection) {
  const insert = database.prepare(
    'INSERT INTO hold (account, domain, destination, site, message, reason, at) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const remove = database.prepare<[number]>('DELETE FROM hold WHERE id = ?');
  return {
    putHold({ account, domain, destination, site, message, reason, at }: Omit<Hold, 'id'>): number {
      const row = [account, domain ?? null, destination ?? null, site ?? null, message ?? null, reason, at];
      return Number(insert.run(...row).lastInsertRowid);
    },
    removeHolds(ids: number[]): void {
      for (const id of ids) remove.run(id);
    },
  };
}
