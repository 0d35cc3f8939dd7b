/** The event loop's side of the watchdog: starts its thread, and shows it that the loop moves. */

import { url as debuggerUrl } from 'node:inspector';
import { Worker } from 'node:worker_threads';
import { BEAT, beatsOf, makeNote, newPulse } from './pulse.js';

export interface WatchdogOptions {
  /** An event loop that has not moved for so long ends the process, ms. */
  standstillMs?: number;
}

export interface Watchdog {
  /** Keeps words about what begins now, for the log in case it never ends. Ids and names only, nothing of a message's content. */
  note(words: string): void;
  stop(): Promise<void>;
}

export interface WatchdogData {
  pulse: SharedArrayBuffer;
  standstillMs: number;
}

const STANDSTILL_MS = 30_000;
const BEAT_EVERY = 250;

export function makeWatchdog({ standstillMs = STANDSTILL_MS }: WatchdogOptions = {}): Watchdog {
  const pulse = newPulse();
  const note = makeNote(pulse);
  // A debugger stops the loop on purpose.
  if (debuggerUrl() !== undefined) return { note, stop: async () => undefined };
  const beats = beatsOf(pulse);
  const beating = setInterval(() => Atomics.add(beats, BEAT, 1), Math.min(BEAT_EVERY, standstillMs / 4)).unref();
  const data: WatchdogData = { pulse, standstillMs };
  const thread = new Worker(new URL('./watchdog-thread.js', import.meta.url), { workerData: data });
  thread.unref();
  return {
    note,
    async stop() {
      await thread.terminate();
      clearInterval(beating);
    },
  };
}
