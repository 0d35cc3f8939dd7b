/** Which deliveries were refused because of the address they left from: each of them is tried from another one, once. */
import type { Delivery, Outcome } from '#core';

export interface TurnedAway {
  /** True: a refusal for good that another source may be spared; the first of this delivery. */
  note(source: string, delivery: Delivery, outcome: Outcome): boolean;
  /** The candidates but for the source that was turned away, unless there is no other. */
  without(delivery: Delivery, candidates: readonly string[]): readonly string[];
}

/** Those noted longest ago go first: they are tried from any source then. */
const MAX_KEPT = 10_000;

export function makeTurnedAway(): TurnedAway {
  const sources = new Map<number, string>();

  return {
    note(source, { id }, outcome) {
      if (outcome.kind === 'released') return false;
      const wasKnown = sources.delete(id);
      if (outcome.kind === 'delivered' || outcome.otherSource !== true) return false;
      // Nobody is asked a third time; what is only put off goes on by turns.
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
