/**
 * Knows the reads of the spool that are under way, and which deliveries have left somebody's hands since each began: the read's answer about them may be
 * out of date. Remembers only those that leave while a read is under way.
 */
export interface Read {
  /** The delivery has left somebody's hands since the read began. */
  hasLeft(id: number): boolean;
  end(): void;
}

export interface Reads {
  /** The delivery is in nobody's hands any more. */
  left(id: number): void;
  start(): Read;
}

export function makeReads(): Reads {
  /** Reads under way, oldest first, each with the number of departures before it began. */
  const underWay = new Map<Read, number>();
  /** Deliveries that have left since the oldest read began, each with the number of its departure, oldest first. */
  const departed = new Map<number, number>();
  let departures = 0;

  function forget(): void {
    const [oldest = departures] = underWay.values();
    for (const [id, departure] of departed) {
      if (departure > oldest) return;
      departed.delete(id);
    }
  }

  return {
    left(id) {
      if (underWay.size === 0) return;
      departed.delete(id);
      departed.set(id, ++departures);
    },
    start() {
      const before = departures;
      const read: Read = {
        hasLeft: (id) => (departed.get(id) ?? 0) > before,
        end() {
          underWay.delete(read);
          forget();
        },
      };
      underWay.set(read, before);
      return read;
    },
  };
}
