/**
 * Which messages are in work, in a file that outlives the process. A plain write costs 2 µs, and the system keeps it however the process ends; it is not
 * synced, because a power cut raises no suspicion. What the file still has at the next start was in work when the process ended.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';

export interface Work {
  message: number;
  delivery: number;
}

export interface WorkLog {
  /** What was in work when the process before this one ended. */
  left: Work[];
  /** Forgets what was left. Call before the first begin(). */
  clear(): void;
  /** Writes the work down; call what it gives when the work is done. */
  begin(work: Work): () => void;
  close(): void;
}

/** A slot is two numbers as doubles, message and delivery; zeroes when it is free. */
const SLOT_BYTES = 16;

/** `file` is made (0600) when it is missing. Throws what the system says. */
export function openWorkLog(file: string): WorkLog {
  const descriptor = openSync(file, 'a+', 0o600);
  closeSync(descriptor);
  const written = openSync(file, 'r+');
  const left = readSlots(readFileSync(file));
  /** Slots that are used again before the file grows. */
  const free: number[] = [];
  /** The delivery that each slot of the file has; 0 for none. */
  const standing: number[] = [];
  /** Slots whose work has ended. They are wiped at the end of this turn of the event loop, unless they are written again before. */
  const ended = new Set<number>();
  const bytes = Buffer.alloc(SLOT_BYTES);
  let clearing: NodeJS.Immediate | undefined;

  function write(slot: number, { message, delivery }: Work): void {
    // Often the next work is on the same delivery, and the slot still has it.
    if (standing[slot] === delivery) return;
    standing[slot] = delivery;
    bytes.writeDoubleLE(message, 0);
    bytes.writeDoubleLE(delivery, 8);
    try {
      writeSync(written, bytes, 0, SLOT_BYTES, slot * SLOT_BYTES);
    } catch {
      // A full disk must not stop delivery; then a crash raises no suspicion.
    }
  }

  function wipe(): void {
    clearing = undefined;
    for (const slot of ended) write(slot, { message: 0, delivery: 0 });
    ended.clear();
  }

  return {
    left,
    clear: () => ftruncateSync(written),
    begin(work) {
      const slot = free.pop() ?? standing.push(0) - 1;
      ended.delete(slot);
      write(slot, work);
      return () => {
        free.push(slot);
        ended.add(slot);
        clearing ??= setImmediate(wipe);
      };
    },
    close() {
      clearImmediate(clearing);
      wipe();
      closeSync(written);
    },
  };
}

function readSlots(bytes: Buffer): Work[] {
  const found: Work[] = [];
  for (let at = 0; at + SLOT_BYTES <= bytes.length; at += SLOT_BYTES) {
    const [message, delivery] = [bytes.readDoubleLE(at), bytes.readDoubleLE(at + 8)];
    if (Number.isSafeInteger(message) && Number.isSafeInteger(delivery) && message > 0 && delivery > 0) found.push({ message, delivery });
  }
  return found;
}
