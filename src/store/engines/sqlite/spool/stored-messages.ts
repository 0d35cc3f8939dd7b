/**
 * Messages by their storage key, for their owner, who can read them while they are kept, and delete them earlier. In a batch each recipient has a
 * message of their own.
 */
import { readStorageKey } from '#core';
import { keptUntil } from '../../../retention.js';
import type { StoredKey } from '../../../spool-store.js';
import type { Noun } from '../database/nouns.js';
import { type Connection, inSnapshot } from '../database/open-database.js';
import { makeMessageRemoval } from './message-removal.js';
import { MESSAGE_COLUMNS } from './reads.js';
import type { MessageRow, RecipientRow } from './wire.js';

/**
 * The look-up checks the owner and whether the message is still kept. So another account's message looks like one that never existed. Of a batch
 * only the recipients' messages can be found, not the message that they are made from.
 */
const MINE = `m.id = @message AND m.account = @account AND m.domain = @domain AND m.facts ->> '$.storageKey' = @messageKey
  AND (m.merge IS NULL) = (@delivery IS NULL)`;

export const STORED_SQL = {
  find: `SELECT ${MESSAGE_COLUMNS} FROM message m JOIN message_content c ON c.message = m.id
    WHERE ${MINE} AND m.keep_ms > 0 AND (m.settled_at IS NULL OR m.settled_at + m.keep_ms > @now)`,
  findToRemove: `SELECT m.id, m.open_deliveries AS open, m.body_file AS bodyFile FROM message m WHERE ${MINE} AND m.keep_ms > 0`,
  recipient: `SELECT delivery AS id, recipient, name AS recipientName, variables FROM batch_recipient WHERE message = ? AND delivery = ?`,
  openRecipient: `SELECT id, recipient, recipient_name AS recipientName, variables FROM queue INDEXED BY queue_by_message
    WHERE message = ? AND id = ?`,
  anyRecipient: 'SELECT 1 AS found FROM batch_recipient WHERE message = ? AND recipient IS NOT NULL LIMIT 1',
};

function parametersOf({ account, domain, key }: StoredKey) {
  const { message = -1, messageKey = '', delivery } = readStorageKey(key) ?? {};
  return { account, domain, message, messageKey, delivery: delivery ?? null };
}

/** Runs on the reader thread, so that a customer who fetches many messages never delays mail. */
function makeStoredLists(database: Connection) {
  const find = database.prepare<object, MessageRow>(STORED_SQL.find);
  const ended = database.prepare<[number, number], Omit<RecipientRow, 'recipient'> & { recipient: string | null }>(STORED_SQL.recipient);
  const open = database.prepare<[number, number], RecipientRow>(STORED_SQL.openRecipient);

  /** Undefined if there is no such recipient, or if their message was deleted. */
  function recipientOf(message: number, delivery: number): RecipientRow | undefined {
    const row = ended.get(message, delivery);
    if (row === undefined) return open.get(message, delivery);
    const { recipient } = row;
    return recipient === null ? undefined : { ...row, recipient };
  }

  return {
    /** Reads one snapshot, because a delivery that ends meanwhile moves from one table to another. */
    stored: inSnapshot(database, (stored: StoredKey, now: number): { message: MessageRow; to?: RecipientRow } | undefined => {
      const parameters = parametersOf(stored);
      const message = find.get({ ...parameters, now });
      if (message === undefined || parameters.delivery === null) return message && { message };
      const to = recipientOf(message.id, parameters.delivery);
      return to && { message, to };
    }),
  };
}

/** What must be done after the commit: unlink the body file of this name. */
type Removed = { bodyFile: string | null };
type Found = Removed & { id: number; open: number };

const STAYS: Removed = { bodyFile: null };

function makeStoredWrites(database: Connection) {
  const find = database.prepare<object, Found>(STORED_SQL.findToRemove);
  const keepNoLonger = database.prepare<[number]>('UPDATE message SET keep_ms = 0 WHERE id = ?');
  const open = database.prepare<[number, number], RecipientRow>(STORED_SQL.openRecipient);
  const markDeleted = database.prepare<[number, number]>(
    'INSERT INTO batch_recipient (message, delivery) VALUES (?, ?) ON CONFLICT DO NOTHING',
  );
  const anyRecipient = database.prepare<[number], { found: number }>(STORED_SQL.anyRecipient);
  const removal = makeMessageRemoval(database);

  /** If the message is still being delivered, the sweep removes it after its last delivery has ended. */
  function removeMessage({ id, open, bodyFile }: Found): Removed {
    if (open > 0) {
      keepNoLonger.run(id);
      return STAYS;
    }
    removal.wipe(id);
    return { bodyFile };
  }

  function removeRecipient(found: Found, delivery: number): Removed | undefined {
    const { id } = found;
    // The row of an open delivery stays, because it is still to be delivered.
    if (open.get(id, delivery) !== undefined) return markDeleted.run(id, delivery).changes === 0 ? undefined : STAYS;
    if (!removal.wipeRecipient(id, delivery)) return undefined;
    return found.open > 0 || anyRecipient.get(id) !== undefined ? STAYS : removeMessage(found);
  }

  return {
    removeStored(stored: StoredKey): Removed | undefined {
      const parameters = parametersOf(stored);
      const found = find.get(parameters);
      if (found === undefined) return undefined;
      return parameters.delivery === null ? removeMessage(found) : removeRecipient(found, parameters.delivery);
    },
  };
}

export const storedMessageRows = {
  tables: { batch_recipient: keptUntil('its message goes, or the owner deletes the message of this recipient') },
  writes: makeStoredWrites,
  lists: makeStoredLists,
} satisfies Noun<unknown>;
