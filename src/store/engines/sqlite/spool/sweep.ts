/**
 * Removes the rows that the retention rules no longer keep, at most SWEEP_LIMIT rows per call. The answer names the body files, which are unlinked
 * after the commit. A crash in between leaves a file without a message, which the next start removes.
 */
import { KEPT_MS, SWEEP_LIMIT } from '../../../retention.js';
import type { Connection } from '../database/open-database.js';
import { makeIdempotencySweep } from './idempotency-rows.js';
import type { SpoolMemory } from './memory.js';
import { makeMessageRemoval } from './message-removal.js';
import { makeRestrictionSweep } from './restriction-rows.js';

export interface Swept {
  more: boolean;
  bodyFiles: string[];
}

export const SWEEP_SQL = {
  messages: `SELECT id, body_file AS bodyFile, keep_ms AS keepMs FROM message WHERE settled_at IS NOT NULL AND settled_at + keep_ms <= ?
    ORDER BY settled_at + keep_ms LIMIT ?`,
};

export function makeSpoolSweep(database: Connection, { destinations }: SpoolMemory) {
  const settled = database.prepare<[number, number], { id: number; bodyFile: string | null; keepMs: number }>(SWEEP_SQL.messages);
  const removal = makeMessageRemoval(database);
  const deleteUsage = database.prepare<[string, number]>(
    'DELETE FROM usage WHERE (day, account, domain) IN (SELECT day, account, domain FROM usage WHERE day < ? LIMIT ?)',
  );
  const sweepIdempotency = makeIdempotencySweep(database);
  const sweepRestrictions = makeRestrictionSweep(database);
  const someDestinations = database.prepare<[number, number], { id: number; name: string; used: number }>(
    `SELECT id, name, EXISTS (SELECT 1 FROM queue WHERE queue.destination = destination.id) AS used
     FROM destination WHERE id > ? ORDER BY id LIMIT ?`,
  );
  const deleteDestination = database.prepare<[number]>('DELETE FROM destination WHERE id = ?');
  // Destinations are walked part by part. The position of the walk need not survive a restart.
  let walkedTo = 0;

  function sweepDestinations(): boolean {
    const part = someDestinations.all(walkedTo, SWEEP_LIMIT);
    for (const { id, name, used } of part) {
      if (used === 1) continue;
      deleteDestination.run(id);
      destinations.remove(id, name);
    }
    walkedTo = part.length === SWEEP_LIMIT ? (part.at(-1)?.id ?? 0) : 0;
    return walkedTo > 0;
  }

  return {
    sweep(now: number): Swept {
      const bodyFiles: string[] = [];
      let removed = 0;
      for (const { id, bodyFile, keepMs } of settled.all(now, SWEEP_LIMIT)) {
        // The recipients of a batch count as rows, too, so a call goes over the limit by one batch at most.
        if (removed >= SWEEP_LIMIT) break;
        // keepMs is 0 if the owner deleted the message while it was being delivered.
        removed += 1 + (keepMs === 0 ? removal.wipe(id) : removal.remove(id));
        if (bodyFile !== null) bodyFiles.push(bodyFile);
      }
      if (removed >= SWEEP_LIMIT) return { more: true, bodyFiles };
      // The first day within the period, as `2026-03-04`. Texts of this form sort like the days.
      const firstDayKept = new Date(now - KEPT_MS.usage).toISOString().slice(0, 10);
      if (deleteUsage.run(firstDayKept, SWEEP_LIMIT).changes === SWEEP_LIMIT) return { more: true, bodyFiles };
      if (sweepIdempotency(now, SWEEP_LIMIT) === SWEEP_LIMIT) return { more: true, bodyFiles };
      if (sweepRestrictions(now, SWEEP_LIMIT) === SWEEP_LIMIT) return { more: true, bodyFiles };
      return { more: sweepDestinations(), bodyFiles };
    },
  };
}
