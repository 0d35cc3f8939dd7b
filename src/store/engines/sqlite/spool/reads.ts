/** Point look-ups of the spool. */
import type { Backlog } from '../../../spool-store.js';
import type { Connection } from '../database/open-database.js';
import type { MessageRow } from './wire.js';

/** Columns of `message m` and `message_content c`. */
export const MESSAGE_COLUMNS = `m.id, m.account, m.domain, m.sender, m.size, m.body_hash AS bodyHash, m.body_file AS bodyFile,
  m.body_size AS bodySize, m.accepted_at AS acceptedAt, m.expires_at AS expiresAt, m.traits, m.options, m.facts, m.merge, c.head, c.body`;

export function makeSpoolReads(database: Connection) {
  const message = database.prepare<[number], MessageRow>(
    `SELECT ${MESSAGE_COLUMNS} FROM message m JOIN message_content c ON c.message = m.id WHERE m.id = ?`,
  );
  const usage = database.prepare<[string, number, string], { recipients: number }>(
    'SELECT recipients FROM usage WHERE day = ? AND account = ? AND domain = ?',
  );
  const backlog = database.prepare<[], { account: number } & Backlog>('SELECT account, deliveries, bytes FROM backlog');
  const mark = database.prepare<[], { largest: number }>('SELECT largest FROM id_mark');
  return {
    message: (id: number): MessageRow | undefined => message.get(id),
    usage: (account: number, domain: string, day: string): number => usage.get(day, account, domain)?.recipients ?? 0,
    backlogs: (): ({ account: number } & Backlog)[] => backlog.all(),
    largestId: (): number => mark.get()?.largest ?? 0,
  };
}

/** New ids begin above those that other files know: see `alignNumbers`. */
export function makeIdRaise(database: Connection) {
  const raise = database.prepare<[number, number]>('UPDATE id_mark SET largest = ? WHERE largest < ?');
  return {
    raiseIds(largest: number): void {
      raise.run(largest, largest);
    },
  };
}
