/**
 * Notices when the wall clock is set while we run, and keeps what was promised in elapsed time: a message may be tried for as long as it was given,
 * whatever the clock was set to meanwhile. Knows jumps of this process only; a clock that was set while it was down is as good as any other.
 */
import { type Clock, type IdSource, type Message, makeJumpDetector, SECOND } from '#core';

export interface Jump {
  /** Forward or, below 0, back; ms. */
  by: number;
  /** Messages with an id below this one were accepted before it was noticed. */
  before: number;
}

interface Noticed extends Jump {
  /** By the clock as it was set: what was accepted in between was accepted after the jump, or before it by a hardly likely chance; ms since the epoch. */
  from: number;
  to: number;
}

/** Messages that were accepted between two jumps, by id, and what time it is as they know it. */
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
   * All messages, oldest first; a single era when the clock was never set. One that was accepted in the moment before a jump was noticed may be in the
   * era before: ask expiryOf().
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
