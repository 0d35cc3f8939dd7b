/** A queue in memory that remembers every verdict; takes go out in the order of put, retries when `due` has come. */
import type { Delivery, Message } from '#core';
import type { PauseFilter, Queue, QueueListener, Verdict } from '#queue';
import type { OutboxEvent } from '#store';

export interface Settled {
  delivery: Delivery;
  verdict: Verdict;
  /** The event of the verdict, read. */
  // biome-ignore lint/suspicious/noExplicitAny: tests pick into it freely
  event: any;
}

export interface MemoryQueue extends Queue {
  add(message: Message, deliveries: Delivery[]): void;
  settled: Settled[];
  returned: Delivery[];
  /** Taken, and neither settled nor given back. */
  held: Set<number>;
  /** Sites that are left alone, with the reason. */
  resting: Map<string, string>;
  pauses: { filter: PauseFilter; until: number; why: string }[];
  /** Where each destination was placed last. */
  sites: Map<string, string>;
  maxHeld: number;
  why(delivery: Delivery): ReturnType<Queue['why']>;
  /** Awaited by settle() before it writes; a rejection is the store's failure. */
  settleGate: () => Promise<void>;
}

export function makeMemoryQueue(): MemoryQueue {
  const messages = new Map<number, Message>();
  const due: Delivery[] = [];
  const sites = new Map<string, string>();
  const resting = new Map<string, string>();
  const aside: Delivery[] = [];
  /** Flows nobody wants more of; here a flow is a destination. */
  const deferred = new Set<string>();
  const listeners: QueueListener[] = [];
  const unused = () => Promise.reject(new Error('not in this test'));
  const tell = (name: string) => {
    const site = sites.get(name);
    for (const listener of listeners) {
      if (site === undefined) listener.onUnplaced(name);
      else if (!resting.has(site)) listener.onDue(site);
    }
  };
  const queue: MemoryQueue = {
    settled: [],
    returned: [],
    held: new Set(),
    resting,
    sites,
    pauses: [],
    maxHeld: 0,
    settleGate: async () => undefined,
    add(message, deliveries) {
      messages.set(message.id, message);
      due.push(...deliveries);
      for (const name of new Set(deliveries.map(({ destinationName }) => destinationName))) tell(name);
    },
    listen: (listener) => void listeners.push(listener),
    place(destination, site) {
      if (sites.get(destination) === site) return;
      sites.set(destination, site);
      if (due.some(({ destinationName }) => destinationName === destination)) tell(destination);
    },
    suspend: (site, _until, why) => void resting.set(site, why),
    resume(site) {
      resting.delete(site);
      for (const listener of listeners) listener.onDue(site);
    },
    take(site, limit) {
      const taken: Delivery[] = [];
      if (resting.has(site)) return taken;
      for (let index = 0; index < due.length && taken.length < limit; ) {
        const name = due[index]?.destinationName ?? '';
        if (sites.get(name) === site && !deferred.has(name)) taken.push(...due.splice(index, 1));
        else index++;
      }
      for (const { id } of taken) queue.held.add(id);
      queue.maxHeld = Math.max(queue.maxHeld, queue.held.size);
      return taken;
    },
    message: async (id) => messages.get(id),
    async settle(delivery, verdict) {
      await queue.settleGate();
      if (!queue.held.delete(delivery.id)) throw new Error(`delivery ${delivery.id} settled without being held`);
      const [first] = verdict.events as OutboxEvent[];
      queue.settled.push({ delivery, verdict, event: first === undefined ? undefined : JSON.parse(first.body) });
      return true;
    },
    giveBack(delivery) {
      if (!queue.held.delete(delivery.id)) throw new Error(`delivery ${delivery.id} returned without being held`);
      queue.returned.push(delivery);
      due.unshift(delivery);
      tell(delivery.destinationName);
    },
    pause: (filter, until, why) => void queue.pauses.push({ filter, until, why }),
    isHeld: () => false,
    obstacle: () => undefined,
    async why(delivery) {
      const told = listeners.map((listener) => listener.explainTaken(delivery)).find(Boolean);
      return { reason: queue.held.has(delivery.id) ? (told ?? 'It is being attempted now') : 'It waits in the queue', until: undefined };
    },
    defer(delivery) {
      queue.held.delete(delivery.id);
      aside.push(delivery);
    },
    bringBack({ destinationName }) {
      const mine = aside.filter((delivery) => delivery.destinationName === destinationName);
      for (const delivery of mine) aside.splice(aside.indexOf(delivery), 1);
      due.unshift(...mine);
      tell(destinationName);
    },
    deferFlow(delivery) {
      queue.held.delete(delivery.id);
      due.unshift(delivery);
      deferred.add(delivery.destinationName);
      return () => {
        if (deferred.delete(delivery.destinationName)) tell(delivery.destinationName);
      };
    },
    holds: () => [],
    hold: unused,
    release: unused,
    put: unused,
    list: unused,
    retry: unused,
    cancel: unused,
    clear: unused,
    relieve: () => undefined,
    siteOf: (destination) => sites.get(destination),
    isAt: (destination, site) => sites.get(destination) === site,
    start: async () => undefined,
    stop: () => undefined,
  };
  return queue;
}
