/**
 * Whose message is being worked on, in a file that outlives the process: a plain write costs 2 µs, and is kept by the system whatever ends the process
 * (it is not synced: after a power cut nobody asks). What is left in it tells the next start who was in hand when this one ended.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';

export interface Work {
  message: number;
  delivery: number;
}

export interface WorkLog {
  /** Of the process before this one. */
  left: Work[];
  /** Forgets what was left; nothing can be begun before. */
  clear(): void;
  /** Gives what ends it. */
  begin(work: Work): () => void;
  close(): void;
}

/** Two numbers as doubles; zeroes where nothing is being done. */
const SLOT_BYTES = 16;

/** `file` is made (0600) when it is missing. Throws what the system says. */
export function openWorkLog(file: string): WorkLog {
  const descriptor = openSync(file, 'a+', 0o600);
  closeSync(descriptor);
  const written = openSync(file, 'r+');
  const left = readSlots(readFileSync(file));
  /** Lowest first, so that few are used and those again and again. */
  const free: number[] = [];
  /** Whose delivery stands in each slot of the file; 0 for nobody's. */
  const standing: number[] = [];
  /** Ended, and still in the file until the end of this turn of the event loop, or until somebody else is written there. */
  const ended = new Set<number>();
  const bytes = Buffer.alloc(SLOT_BYTES);
  let clearing: NodeJS.Immediate | undefined;

  function write(slot: number, { message, delivery }: Work): void {
    // What is done next for the same delivery finds it there.
    if (standing[slot] === delivery) return;
    standing[slot] = delivery;
    bytes.writeDoubleLE(message, 0);
    bytes.writeDoubleLE(delivery, 8);
    try {
      writeSync(written, bytes, 0, SLOT_BYTES, slot * SLOT_BYTES);
    } catch {
      // A full disk must not keep mail from being delivered: then nobody is suspected.
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
