/**
 * Removes a message's rows. SQLite keeps the bytes of deleted rows until their room is used again. So the bytes of a message that its owner deletes
 * are overwritten.
 */
import type { Connection } from '../database/open-database.js';

export interface MessageRemoval {
  /** Removes the message. Gives how many rows of recipients went with it. */
  remove(id: number): number;
  /**
   * Removes the message and overwrites its bytes with zeros. For many messages this would cost as much as storing them. Gives how many rows of
   * recipients went with it.
   */
  wipe(id: number): number;
  /** Overwrites and removes what one recipient's message of a batch was made with. False if it does not exist (any more). */
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
