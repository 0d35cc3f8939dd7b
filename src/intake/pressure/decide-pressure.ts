/** Whether mail can be taken in at the moment, by what is waiting and what is left of memory and disk. Pure. */
import { Refusal } from '#core';
import type { Backlog } from '#store';

export interface PressureLimits {
  /** Open deliveries of one account; null: any number. */
  queuedPerAccount: number | null;
  /** Bytes of messages with open deliveries of one account; null: any number. */
  queuedBytesPerAccount: number | null;
}

export interface PressureFacts {
  /** Undefined while it is not known whose mail it is, or for mail that no account sends. */
  backlog: Backlog | undefined;
  limits: PressureLimits;
  memory: { used: number; limit: number };
  /** Undefined when the disk could not be asked. */
  disk: { free: number; floor: number; walBytes: number } | undefined;
}

/** Share of the memory limit above which caches are given up. */
export const TIGHT_MEMORY = 0.75;
/** Share above which no mail is taken in. */
const CRITICAL_MEMORY = 0.9;
/** A write-ahead log that grew to this is not being checkpointed; it would go on until the disk is full, bytes. */
const WAL_LIMIT = 1024 ** 3;

/** Seconds after which an HTTP client should come back. */
const RETRY_AFTER = { backlog: 60, memory: 10, disk: 60 };

export function decidePressure({ backlog, limits, memory, disk }: PressureFacts): 'ok' | Refusal {
  if (backlog !== undefined && isOver(backlog, limits)) {
    return new Refusal({
      smtpCode: 452,
      enhancedCode: '4.3.1',
      httpStatus: 429,
      text: 'Too much mail of this account is waiting to be delivered, try again later',
      retryAfter: RETRY_AFTER.backlog,
    });
  }
  if (memory.used > memory.limit * CRITICAL_MEMORY) {
    return new Refusal({
      smtpCode: 421,
      enhancedCode: '4.3.2',
      httpStatus: 503,
      text: 'Service is overloaded, try again later',
      reason: `memory: ${memory.used} of ${memory.limit} bytes`,
      retryAfter: RETRY_AFTER.memory,
    });
  }
  if (disk !== undefined && (disk.free < disk.floor || disk.walBytes > WAL_LIMIT)) {
    return new Refusal({
      smtpCode: 452,
      enhancedCode: '4.3.1',
      httpStatus: 507,
      text: 'Insufficient system storage',
      reason: `disk: ${disk.free} bytes free, floor ${disk.floor}, write-ahead logs ${disk.walBytes}`,
      retryAfter: RETRY_AFTER.disk,
    });
  }
  return 'ok';
}

const isOver = (backlog: Backlog, { queuedPerAccount, queuedBytesPerAccount }: PressureLimits) =>
  (queuedPerAccount !== null && backlog.deliveries >= queuedPerAccount) ||
  (queuedBytesPerAccount !== null && backlog.bytes >= queuedBytesPerAccount);

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** Free bytes to keep on a disk of this size when the operator names none: 5 %, at least 256 MiB, at most 5 GiB and a quarter of the disk. */
export const defaultDiskFloor = (total: number): number =>
  Math.floor(Math.min(total / 4, Math.max(256 * MIB, Math.min(total * 0.05, 5 * GIB))));

/** Size of the ballast file for a floor: what settling and checkpoints need for a while. */
export const ballastFor = (floor: number): number => Math.min(32 * MIB, Math.floor(floor / 2));

export type BallastMove = 'take' | 'drop' | 'keep';

/** Dropped when next to nothing is free, taken again only when there is room for it well above the floor, so that it does not flutter. */
export function decideBallast(facts: { free: number; floor: number; held: number; isFull: boolean }): BallastMove {
  const size = ballastFor(facts.floor);
  if (facts.held > 0) return facts.isFull || facts.free < size / 2 ? 'drop' : 'keep';
  return size > 0 && !facts.isFull && facts.free > facts.floor + 2 * size ? 'take' : 'keep';
}
