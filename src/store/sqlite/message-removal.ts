/** Removes a message's rows. What SQLite frees keeps its bytes until something else takes the room; of what an owner deletes they are written over. */
import type { Connection } from './open-database.js';

export interface MessageRemoval {
  remove(id: number): void;
  /** The same with zeros in place of the bytes; for many messages it would cost as much as storing them. */
  wipe(id: number): void;
}

export function makeMessageRemoval(database: Connection): MessageRemoval {
  const removeContent = database.prepare<[number]>('DELETE FROM message_content WHERE message = ?');
  const removeMessage = database.prepare<[number]>('DELETE FROM message WHERE id = ?');
  const remove = (id: number) => {
    removeContent.run(id);
    removeMessage.run(id);
  };
  return {
    remove,
    wipe(id) {
      database.pragma('secure_delete = ON');
      try {
        remove(id);
      } finally {
        database.pragma('secure_delete = OFF');
      }
    },
  };
}
