/** Decides whose turn it is among the keys of a domain: each message takes the next key, and keeps it for all its attempts while it is remembered. */
export interface KeyTurns {
  /** A number that goes up by one from message to message of the domain. */
  turnOf(domain: string, message: number): number;
}

/** Messages and domains remembered, the latest ones. The next attempt of a forgotten message may take another key, which harms nobody. */
const MAX_KEPT = 10_000;

export function makeKeyTurns(): KeyTurns {
  const ofMessages = new Map<number, number>();
  const ofDomains = new Map<string, number>();

  function keep<K>(map: Map<K, number>, key: K, turn: number): void {
    // Deleted first, so that the Map begins with what was used longest ago.
    map.delete(key);
    map.set(key, turn);
    for (const oldest of map.keys()) {
      if (map.size <= MAX_KEPT) break;
      map.delete(oldest);
    }
  }

  return {
    turnOf(domain, message) {
      const known = ofMessages.get(message);
      const turn = known ?? (ofDomains.get(domain) ?? -1) + 1;
      if (known === undefined) keep(ofDomains, domain, turn);
      keep(ofMessages, message, turn);
      return turn;
    },
  };
}
