/**
 * Notices when the wall clock is set while we run, and corrects what is meant as elapsed time: a message may be tried for as long as its lifetime says,
 * even when the clock is set meanwhile. Knows the jumps of this process only; a clock that was set while it was down cannot be noticed.
 */
import { type Clock, type IdSource, type Message, makeJumpDetector, SECOND } from '#core';

export interface Jump {
  /** Forward or, below 0, back; ms. */
  by: number;
  /** Messages with an id below this one were accepted before it was noticed. */
  before: number;
}

interface Noticed extends Jump {
  /** By the clock after the jump, ms since the epoch: a message accepted between the two times was (almost certainly) accepted after the jump. */
  from: number;
  to: number;
}

/** Messages that were accepted between two jumps, by id, and the time now by the clock of those days. */
export interface Era {
  from: number;
  before: number;
  /** ms since the epoch. */
  now: number;
}

export interface ClockJumps {
  /** When the message is given up, by the wall clock as it is set now, ms since the epoch. */
  expiryOf(message: Pick<Message, 'id' | 'acceptedAt' | 'expiresAt'>): number;
  /**
   * All messages, in eras, oldest first; a single era when the clock was never set. A message that was accepted just before a jump was noticed may be in
   * the wrong era of the two: expiryOf() is exact.
   */
  eras(): Era[];
  start(): void;
  stop(): void;
}

const LOOK_EVERY = SECOND;

export function makeClockJumps(deps: { clock: Clock; ids: Pick<IdSource, 'next'>; onJump: (jump: Jump) => void }): ClockJumps {
  const { clock, ids, onJump } = deps;
  const detect = makeJumpDetector(clock);
  const jumps: Noticed[] = [];
  let lookedAt = clock.monotonic();
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    const elapsed = clock.monotonic() - lookedAt;
    lookedAt += elapsed;
    const by = detect();
    if (by === 0) return;
    const at = clock.now();
    const jump = { by, before: ids.next(), from: at - Math.ceil(elapsed), to: at };
    jumps.push(jump);
    onJump(jump);
  }

  /** By how much the clock was set since the message was accepted, ms. */
  function setSince({ id, acceptedAt }: Pick<Message, 'id' | 'acceptedAt'>): number {
    const since = jumps.filter(({ before, from, to }) => id < before && !(acceptedAt >= from && acceptedAt <= to));
    return since.reduce((sum, { by }) => sum + by, 0);
  }

  return {
    expiryOf(message) {
      look();
      return jumps.length === 0 ? message.expiresAt : message.expiresAt + setSince(message);
    },
    eras() {
      look();
      const now = clock.now();
      const ends = [...jumps.map(({ before }) => before), Number.MAX_SAFE_INTEGER];
      return ends.map((before, index) => {
        const setSinceThen = jumps.slice(index).reduce((sum, { by }) => sum + by, 0);
        return { from: ends[index - 1] ?? 0, before, now: now - setSinceThen };
      });
    },
    start() {
      timer = setInterval(look, LOOK_EVERY).unref();
    },
    stop: () => clearInterval(timer),
  };
}
