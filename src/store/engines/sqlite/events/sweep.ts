/**
 * Removes events that are older than their retention, stream by stream (one seek each), streams without events, old transcripts and old HTTP calls.
 */
import { KEPT_MS, SWEEP_LIMIT } from '../../../retention.js';
import type { Connection } from '../database/open-database.js';
import type { EventMemory } from './append.js';
import { makeHttpCallSweep } from './http-call-rows.js';
import { makeTranscriptSweep } from './transcript-rows.js';

export function makeEventSweep(database: Connection, { forget }: EventMemory) {
  const nextStreams = database.prepare<[number, number], { id: number }>('SELECT id FROM stream WHERE id > ? ORDER BY id LIMIT ?');
  const deleteOld = database.prepare<[number, number, number]>(
    'DELETE FROM event WHERE seq IN (SELECT seq FROM event WHERE stream = ? AND at <= ? ORDER BY at LIMIT ?)',
  );
  const anyEvent = database.prepare<[number], { seq: number }>('SELECT seq FROM event WHERE stream = ? LIMIT 1');
  const deleteStream = database.prepare<[number]>('DELETE FROM stream WHERE id = ?');
  // The position of the walk over the streams. It need not survive a restart.
  let walkedTo = 0;
  const sweepTranscripts = makeTranscriptSweep(database);
  const sweepCalls = makeHttpCallSweep(database);

  return {
    /** True if there is more to do: a stream still has old rows, or some streams were not looked at yet. */
    sweep(now: number): boolean {
      if (sweepTranscripts(now) || sweepCalls(now)) return true;
      // Events are in µs.
      const limit = (now - KEPT_MS.event) * 1000;
      let room = SWEEP_LIMIT;
      const part = nextStreams.all(walkedTo, SWEEP_LIMIT);
      for (const { id } of part) {
        room -= deleteOld.run(id, limit, room).changes;
        if (room === 0) return true;
        if (!anyEvent.get(id)) {
          deleteStream.run(id);
          forget();
        }
        walkedTo = id;
      }
      if (part.length === SWEEP_LIMIT) return true;
      walkedTo = 0;
      return false;
    },
  };
}
