/** A circular list whose items carry their own links: the cost of adding, removing and turning does not grow with the number of items. */
export interface Linked<T> {
  /** Set by the ring the item is in; an item is in one ring at a time. */
  next: T | undefined;
  previous: T | undefined;
}

export class Ring<T extends Linked<T>> {
  /** The item whose turn it is. */
  head: T | undefined;

  /** Adds it behind all others. */
  add(item: T): void {
    const { head } = this;
    if (head === undefined) {
      item.next = item;
      item.previous = item;
      this.head = item;
      return;
    }
    const last = head.previous ?? head;
    item.next = head;
    item.previous = last;
    last.next = item;
    head.previous = item;
  }

  remove(item: T): void {
    const { next, previous } = item;
    if (next === undefined || previous === undefined) return;
    item.next = undefined;
    item.previous = undefined;
    if (next === item) {
      this.head = undefined;
      return;
    }
    previous.next = next;
    next.previous = previous;
    if (this.head === item) this.head = next;
  }

  /** The head goes behind all others. */
  turn(): void {
    this.head = this.head?.next;
  }
}
