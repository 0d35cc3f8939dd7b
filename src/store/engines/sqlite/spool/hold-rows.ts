/**
 * Holds: the mail that operators and accounts keep back. They are few rows and read once, at start. An operator's hold on one account is stored
 * under the account's number with a minus sign, and a hold on all accounts under 0.
 */
import { boundedBy } from '../../../retention.js';
import type { Hold, SpoolStore } from '../../../spool-store.js';
import type { Answers, Noun } from '../database/nouns.js';
import type { Connection } from '../database/open-database.js';

type Stored = Omit<Hold, 'isOperators'>;
type HoldRow = { [K in keyof Stored]-?: undefined extends Stored[K] ? Exclude<Stored[K], undefined> | null : Stored[K] };

function makeHoldLookups(database: Connection): Answers<SpoolStore, 'holds'> {
  const all = database.prepare<[], HoldRow>('SELECT id, account, domain, destination, site, message, reason, at FROM hold ORDER BY id');
  return {
    holds: () =>
      all.all().map(({ id, account, reason, at, ...fields }) => {
        const given = Object.entries(fields).filter(([, value]) => value !== null);
        const whose = account > 0 ? { account } : { account: 0 - account, isOperators: true };
        return { id, ...whose, reason, at, ...Object.fromEntries(given) };
      }),
  };
}

function makeHoldWrites(database: Connection): Answers<SpoolStore, 'putHold' | 'removeHolds'> {
  const insert = database.prepare(
    'INSERT INTO hold (account, domain, destination, site, message, reason, at) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const remove = database.prepare<[number]>('DELETE FROM hold WHERE id = ?');
  return {
    putHold({ account, isOperators, domain, destination, site, message, reason, at }) {
      const row = [isOperators ? 0 - account : account, domain ?? null, destination ?? null, site ?? null, message ?? null, reason, at];
      return Number(insert.run(...row).lastInsertRowid);
    },
    removeHolds(ids) {
      for (const id of ids) remove.run(id);
    },
  };
}

export const holdRows = {
  tables: { hold: boundedBy('what operators hold; released by them') },
  lookups: makeHoldLookups,
  writes: makeHoldWrites,
} satisfies Noun<unknown>;
