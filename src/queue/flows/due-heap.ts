/** A binary min-heap of things that become due: one entry per flow, so memory follows the number of flows, not of messages. */
export interface DueHeap<T> {
  push(due: number, item: T): void;
  /** Removes and gives what is due at `now`, earliest first. */
  popDue(now: number): T[];
  /** Due time of the earliest entry. */
  peek(): number | undefined;
  readonly size: number;
}

export function makeDueHeap<T>(): DueHeap<T> {
  const entries: { due: number; item: T }[] = [];
  const dueAt = (index: number) => entries[index]?.due ?? Number.POSITIVE_INFINITY;
  const swap = (a: number, b: number) => {
    const kept = entries[a];
    const other = entries[b];
    if (kept === undefined || other === undefined) return;
    entries[a] = other;
    entries[b] = kept;
  };

  function pop(): T | undefined {
    const top = entries[0];
    const last = entries.pop();
    if (top === undefined || last === undefined) return undefined;
    if (entries.length === 0) return top.item;
    entries[0] = last;
    for (let index = 0; ; ) {
      const left = 2 * index + 1;
      const smaller = dueAt(left + 1) < dueAt(left) ? left + 1 : left;
      if (dueAt(smaller) >= dueAt(index)) return top.item;
      swap(index, smaller);
      index = smaller;
    }
  }

  return {
    push(due, item) {
      entries.push({ due, item });
      for (let index = entries.length - 1; index > 0; ) {
        const parent = (index - 1) >> 1;
        if (dueAt(parent) <= dueAt(index)) break;
        swap(index, parent);
        index = parent;
      }
    },
    popDue(now) {
      const due: T[] = [];
      while (dueAt(0) <= now) {
        const item = pop();
        if (item !== undefined) due.push(item);
      }
      return due;
    },
    peek: () => entries[0]?.due,
    get size() {
      return entries.length;
    },
  };
}
