/**
 * Notices when the wall clock is set while we run, and keeps what was promised in elapsed time: a message may be tried for as long as it was given,
 * whatever the clock was set to meanwhile. Knows jumps of this process only; a clock that was set while it was down is as good as any other.
 */
import { type Clock, type IdSource, type Message, makeJumpDetector, SECOND } from '#core';

export interface Jump {
  /** Forward or, below 0, back; ms. */
  by: number;
  /** Messages with an id below this one were accepted before it. */
  before: number;
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
  expiryOf(message: Pick<Message, 'id' | 'expiresAt'>): number;
  /** All messages, oldest first; a single era when the clock was never set. */
  eras(): Era[];
  start(): void;
  stop(): void;
}

const LOOK_EVERY = SECOND;

export function makeClockJumps(deps: { clock: Clock; ids: Pick<IdSource, 'next'>; onJump: (jump: Jump) => void }): ClockJumps {
  const { clock, ids, onJump } = deps;
  const detect = makeJumpDetector(clock);
  const jumps: Jump[] = [];
  let timer: NodeJS.Timeout | undefined;

  /** By how much the clock was set since a message with this id was accepted, ms. */
  const setSince = (id: number) => jumps.reduce((sum, { by, before }) => (id < before ? sum + by : sum), 0);

  function look(): void {
    const by = detect();
    if (by === 0) return;
    const jump = { by, before: ids.next() };
    jumps.push(jump);
    onJump(jump);
  }

  return {
    expiryOf({ id, expiresAt }) {
      look();
      return jumps.length === 0 ? expiresAt : expiresAt + setSince(id);
    },
    eras() {
      look();
      const now = clock.now();
      const ends = [...jumps.map(({ before }) => before), Number.MAX_SAFE_INTEGER];
      return ends.map((before, index) => {
        const from = ends[index - 1] ?? 0;
        return { from, before, now: now - setSince(from) };
      });
    },
    start() {
      timer = setInterval(look, LOOK_EVERY).unref();
    },
    stop: () => clearInterval(timer),
  };
}
