/** The largest numbers that a file knows of what another one numbers, and the marks that are raised above them: see `align-numbers.ts`. */
import type { Connection } from './open-database.js';

export function makeEventNumbers(database: Connection) {
  const delivery = database.prepare<[], { largest: number | null }>('SELECT max(delivery) AS largest FROM conversation');
  const account = database.prepare<[], { largest: number | null }>('SELECT max(account) AS largest FROM stream');
  return { largestInEvents: () => ({ delivery: delivery.get()?.largest ?? 0, account: account.get()?.largest ?? 0 }) };
}

export function makeIdRaise(database: Connection) {
  const raise = database.prepare<[number, number]>('UPDATE id_mark SET largest = ? WHERE largest < ?');
  return {
    raiseIds(largest: number): void {
      raise.run(largest, largest);
    },
  };
}

export function makeAccountRaise(database: Connection) {
  const raise = database.prepare<[number, number]>("UPDATE sqlite_sequence SET seq = ? WHERE name = 'account' AND seq < ?");
  return {
    raiseAccounts(largest: number): void {
      raise.run(largest, largest);
    },
  };
}
