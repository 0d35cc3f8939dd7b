/**
 * The queue's memory: which flows exist, when each is next due, and which deliveries are in somebody's hands. Everything here can be forgotten
 * and found again in the spool; nothing here grows with the number of queued deliveries.
 *
 * The rule that makes each committed row be taken exactly once: a row at or before its flow's cursor is held or settled. So a row that becomes
 * known behind the cursor (committed late, dated back, moved) lowers the cursor, and what is read twice is dropped by `held`.
 */
import type { Clock, Delivery, FlowKey } from '#core';
import type { Cursor } from '#store';
import { makeDueHeap } from './due-heap.js';
import { noTurns, type Turns } from './fair-order.js';

export interface Flow extends FlowKey {
  destinationName: string;
  /** Rows up to here have been read from the spool. */
  cursor: Cursor;
  /** Due time of the earliest row that is only in the spool; Infinity when there is none. */
  nextDue: number;
  /** Due rows in memory, held by the queue. */
  ready: Delivery[];
  /** A read of the spool under way. */
  loading: Promise<void> | undefined;
}

export interface Destination {
  name: string;
  flows: Map<string, Flow>;
  turns: Turns;
}

export interface Flows {
  /** Ids of deliveries that are in memory or in a caller's hands. */
  readonly held: Set<number>;
  destination(name: string): Destination | undefined;
  /** Makes the flow when it is new. */
  flow(key: FlowKey, destinationName: string): Flow;
  /** A row of the flow is in the spool and nobody holds it. */
  noteRow(flow: Flow, due: number, id: number): void;
  /** The flow may be forgotten when it has nothing to do. */
  forgetIfIdle(flow: Flow): void;
  /** Asks for a call of the listener when the flow is due. */
  arm(flow: Flow): void;
  stop(): void;
}

/** The wall clock may jump; a timer never sleeps longer than this, ms. */
const LONGEST_SLEEP = 30_000;

const keyOf = (key: FlowKey) => `${key.account}:${key.priority}`;

export function makeFlows(deps: { clock: Clock; onDue: (destination: string) => void }): Flows {
  const { clock } = deps;
  const destinations = new Map<string, Destination>();
  const held = new Set<number>();
  const heap = makeDueHeap<Flow>();
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Number.POSITIVE_INFINITY;
  let stopped = false;

  function schedule(): void {
    const next = heap.peek();
    if (stopped || next === undefined || next >= timerAt) return;
    clearTimeout(timer);
    const now = clock.now();
    timerAt = Math.min(next, now + LONGEST_SLEEP);
    timer = setTimeout(fire, Math.max(0, timerAt - now));
    timer.unref();
  }

  function fire(): void {
    timerAt = Number.POSITIVE_INFINITY;
    const names = new Set<string>();
    // Each change of nextDue armed an entry of its own, so an entry whose flow is due later has nothing to say.
    for (const flow of heap.popDue(clock.now())) {
      if (flow.nextDue <= clock.now()) names.add(flow.destinationName);
    }
    schedule();
    for (const name of names) deps.onDue(name);
  }

  function arm(flow: Flow): void {
    if (flow.nextDue === Number.POSITIVE_INFINITY) return;
    heap.push(flow.nextDue, flow);
    schedule();
  }

  return {
    held,
    destination: (name) => destinations.get(name),
    flow(key, destinationName) {
      let destination = destinations.get(destinationName);
      if (destination === undefined) {
        destination = { name: destinationName, flows: new Map(), turns: noTurns() };
        destinations.set(destinationName, destination);
      }
      let flow = destination.flows.get(keyOf(key));
      if (flow === undefined) {
        const { destination: number, account, priority } = key;
        flow = {
          destination: number,
          account,
          priority,
          destinationName,
          cursor: { due: 0, id: 0 },
          nextDue: Number.POSITIVE_INFINITY,
          ready: [],
          loading: undefined,
        };
        destination.flows.set(keyOf(key), flow);
      } else if (flow.destination !== key.destination) {
        // The spool had let the name go, so this flow was empty, and gave it a new number since.
        flow.destination = key.destination;
        flow.cursor = { due: 0, id: 0 };
      }
      return flow;
    },
    noteRow(flow, due, id) {
      const isBehind = due < flow.cursor.due || (due === flow.cursor.due && id <= flow.cursor.id);
      if (isBehind) flow.cursor = { due, id: id - 1 };
      // A read under way may have missed the row: a new cursor object tells it not to move on.
      else if (flow.loading !== undefined) flow.cursor = { ...flow.cursor };
      if (due >= flow.nextDue) return;
      flow.nextDue = due;
      arm(flow);
    },
    forgetIfIdle(flow) {
      if (flow.ready.length > 0 || flow.loading !== undefined || flow.nextDue !== Number.POSITIVE_INFINITY) return;
      const destination = destinations.get(flow.destinationName);
      if (destination?.flows.get(keyOf(flow)) !== flow) return;
      destination.flows.delete(keyOf(flow));
      if (destination.flows.size === 0) destinations.delete(flow.destinationName);
    },
    arm,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
