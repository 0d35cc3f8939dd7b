/** Messages by their storage key, for their owner: read while they are kept, and deleted before their time. */
import { messageOfStorageKey } from '#core';
import type { StoredKey } from '../spool-store.js';
import { makeMessageRemoval } from './message-removal.js';
import type { Connection } from './open-database.js';
import { MESSAGE_COLUMNS } from './spool-reads.js';
import type { MessageRow } from './spool-wire.js';

/** Whose it is and whether it is kept is part of the look-up: what is another's is like what never was. */
const MINE = `m.id = @id AND m.account = @account AND m.domain = @domain AND m.facts ->> '$.storageKey' = @key`;

export const STORED_SQL = {
  find: `SELECT ${MESSAGE_COLUMNS} FROM message m JOIN message_content c ON c.message = m.id
    WHERE ${MINE} AND m.keep_ms > 0 AND (m.settled_at IS NULL OR m.settled_at + m.keep_ms > @now)`,
  findToRemove: `SELECT m.id, m.open_deliveries AS open, m.body_file AS bodyFile FROM message m WHERE ${MINE} AND m.keep_ms > 0`,
};

const parametersOf = ({ account, domain, key }: StoredKey) => ({ id: messageOfStorageKey(key) ?? -1, account, domain, key });

/** Runs on the reader thread: a customer who fetches much never delays mail. */
export function makeStoredReads(database: Connection) {
  const find = database.prepare<object, MessageRow>(STORED_SQL.find);
  return {
    stored: (stored: StoredKey, now: number): MessageRow | undefined => find.get({ ...parametersOf(stored), now }),
  };
}

export function makeStoredWrites(database: Connection) {
  const find = database.prepare<object, { id: number; open: number; bodyFile: string | null }>(STORED_SQL.findToRemove);
  const keepNoLonger = database.prepare<[number]>('UPDATE message SET keep_ms = 0 WHERE id = ?');
  const removal = makeMessageRemoval(database);

  return {
    /** With the name of the body file, to be unlinked after the commit; a message that is still being delivered goes with the sweep after its end. */
    removeStored(stored: StoredKey): { bodyFile: string | null } | undefined {
      const found = find.get(parametersOf(stored));
      if (found === undefined) return undefined;
      if (found.open > 0) {
        keepNoLonger.run(found.id);
        return { bodyFile: null };
      }
      removal.wipe(found.id);
      return { bodyFile: found.bodyFile };
    },
  };
}
