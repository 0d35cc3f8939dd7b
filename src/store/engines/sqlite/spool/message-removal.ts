/** Removes a message's rows. What SQLite frees keeps its bytes until something else takes the room; of what an owner deletes they are written over. */
import type { Connection } from '../database/open-database.js';

export interface MessageRemoval {
  /** Gives how many rows of recipients went with it. */
  remove(id: number): number;
  /** The same with zeros in place of the bytes; for many messages it would cost as much as storing them. */
  wipe(id: number): number;
  /** What one recipient's message of a batch was made with, likewise. False when it is not there (any more). */
  wipeRecipient(message: number, delivery: number): boolean;
}

export function makeMessageRemoval(database: Connection): MessageRemoval {
  const removeContent = database.prepare<[number]>('DELETE FROM message_content WHERE message = ?');
  const removeRecipients = database.prepare<[number]>('DELETE FROM batch_recipient WHERE message = ?');
  const removeRecipient = database.prepare<[number, number]>(
    'DELETE FROM batch_recipient WHERE message = ? AND delivery = ? AND recipient IS NOT NULL',
  );
  const removeMessage = database.prepare<[number]>('DELETE FROM message WHERE id = ?');

  function remove(id: number): number {
    removeContent.run(id);
    const { changes } = removeRecipients.run(id);
    removeMessage.run(id);
    return changes;
  }

  function wiping<T>(run: () => T): T {
    database.pragma('secure_delete = ON');
    try {
      return run();
    } finally {
      database.pragma('secure_delete = OFF');
    }
  }

  return {
    remove,
    wipe: (id) => wiping(() => remove(id)),
    wipeRecipient: (message, delivery) => wiping(() => removeRecipient.run(message, delivery).changes > 0),
  };
}
