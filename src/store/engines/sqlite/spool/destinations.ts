/** Numbers for destination names, remembered in the writer thread so that a put to a known destination costs no look-up. */
import type { Connection } from '../database/open-database.js';

export interface Destinations {
  /** The number of a name, made when it is new. */
  intern(name: string): number;
  /** `''` for a number that is not in use. */
  nameOf(id: number): string;
  /** Must be called for each row that is deleted. */
  remove(id: number, name: string): void;
  /** Forgets all names, because their rows may have been rolled back. */
  forget(): void;
}

/** About 20 MB of names at most. When there are more, all are forgotten and read again. */
const REMEMBERED = 100_000;

export function makeDestinations(database: Connection): Destinations {
  const idByName = database.prepare<[string], { id: number }>('SELECT id FROM destination WHERE name = ?');
  const nameById = database.prepare<[number], { name: string }>('SELECT name FROM destination WHERE id = ?');
  const insert = database.prepare<[string]>('INSERT INTO destination (name) VALUES (?)');
  const ids = new Map<string, number>();
  const names = new Map<number, string>();

  const forget = () => {
    ids.clear();
    names.clear();
  };
  const remember = (id: number, name: string) => {
    if (names.size >= REMEMBERED) forget();
    ids.set(name, id);
    names.set(id, name);
  };

  return {
    intern(name) {
      const known = ids.get(name);
      if (known !== undefined) return known;
      const id = idByName.get(name)?.id ?? Number(insert.run(name).lastInsertRowid);
      remember(id, name);
      return id;
    },
    nameOf(id) {
      const known = names.get(id);
      if (known !== undefined) return known;
      const name = nameById.get(id)?.name;
      if (name === undefined) return '';
      remember(id, name);
      return name;
    },
    remove(id, name) {
      ids.delete(name);
      names.delete(id);
    },
    forget,
  };
}
