/** Which deliveries were refused because of the address they left from: each of them is tried from another one, once. */
import type { Delivery, Outcome } from '#core';

export interface TurnedAway {
  /** True: the first final refusal of this delivery that another source may not meet. */
  note(source: string, delivery: Delivery, outcome: Outcome): boolean;
  /** The candidates without the source that was turned away, unless there is no other. */
  without(delivery: Delivery, candidates: readonly string[]): readonly string[];
}

/** Beyond this the oldest are forgotten; those may be tried from any source. */
const MAX_KEPT = 10_000;

export function makeTurnedAway(): TurnedAway {
  const sources = new Map<number, string>();

  return {
    note(source, { id }, outcome) {
      if (outcome.kind === 'released') return false;
      const wasKnown = sources.delete(id);
      if (outcome.kind === 'delivered' || outcome.otherSource !== true) return false;
      // After a final refusal only one other source is tried. A temporary one goes on by turns.
      if (outcome.kind === 'failed' && wasKnown) return false;
      sources.set(id, source);
      for (const oldest of sources.keys()) {
        if (sources.size <= MAX_KEPT) break;
        sources.delete(oldest);
      }
      return outcome.kind === 'failed';
    },
    without({ id }, candidates) {
      const source = sources.get(id);
      const others = candidates.filter((name) => name !== source);
      return others.length > 0 ? others : candidates;
    },
  };
}
