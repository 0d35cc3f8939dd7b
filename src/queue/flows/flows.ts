/**
 * The queue's memory: which flows exist, at which site each destination is, when each flow is next due, and which deliveries are in somebody's
 * hands. Everything here can be forgotten and found again in the spool; nothing here grows with the number of queued deliveries.
 *
 * The rule that makes each committed row be taken exactly once: a row at or before its flow's cursor is in `inHand`, settled, or deferred. So a
 * row that becomes known behind the cursor (committed late, dated back, moved, released) lowers the cursor, and what is read twice is dropped by
 * `inHand`; what a read answers of a row that has left somebody's hands since it was asked is dropped too.
 *
 * The rule that makes nothing wait for ever: a flow with due work is in the turns of its site, or is being read, or is held, or its destination
 * has no site and somebody was asked for one.
 */
import type { Clock, Delivery, FlowKey } from '#core';
import type { Cursor } from '#store';
import { makeDueTimer } from './due-timer.js';
import { InHand } from './in-hand.js';
import { Turns, type Waiting } from './turns.js';

export interface Flow extends FlowKey, Waiting<Flow> {
  destination: number;
  readonly home: Destination;
  /** Rows up to here have been read from the spool. */
  cursor: Cursor;
  /** Due time of the earliest row that is only in the spool; Infinity when there is none. */
  nextDue: number;
  /** When the timer will look at the flow; Infinity when it is not armed. */
  armedFor: number;
  /** Due rows in memory. */
  ready: Delivery[];
  /** Rows to read from the spool next time: more for a flow that is worked off quickly. */
  readAhead: number;
  /** A read of the spool is under way. */
  isLoading: boolean;
  /** It is in the turns of its site. */
  isWaiting: boolean;
}

export interface Destination {
  readonly name: string;
  readonly flows: Map<number, Flow>;
  site: Site | undefined;
  /** Monotonic clock, ms: after this its site must be asked for again before it wakes up. */
  placedUntil: number;
  /** Flows in the turns of the site. */
  waiting: number;
}

export interface Site {
  readonly name: string;
  readonly turns: Turns<Flow>;
  /** Destinations placed here. */
  destinations: number;
  /** Why nothing is taken from it, and until when (ms since the epoch); undefined while it may be taken from. */
  suspension: { until: number; why: string } | undefined;
}

export interface FlowsDeps {
  clock: Clock;
  /** The site has something to take. */
  onDue: (site: string) => void;
  /** The destination has due work and needs a site: answer with place(). */
  onUnplaced: (destination: string) => void;
  isBlocked: (flow: Flow) => boolean;
}

/** Flows without work that are kept, so that the next message to a destination finds its site. */
const MAX_IDLE = 4096;
/** Rows of a flow's first read: few, so that among many flows the first need not wait long for the others' reads. */
const FIRST_READ = 16;
const NEVER = Number.POSITIVE_INFINITY;

export type Flows = ReturnType<typeof makeFlows>;

/** Names a flow within its destination. */
const keyOf = ({ account, priority }: Pick<FlowKey, 'account' | 'priority'>) => account * 4 + priority;

export function makeFlows({ clock, onDue, onUnplaced, isBlocked }: FlowsDeps) {
  const destinations = new Map<string, Destination>();
  const sites = new Map<string, Site>();
  const inHand = new InHand();
  const idle = new Set<Flow>();
  const timer = makeDueTimer<Flow>({ clock, onDue: wakeDue });

  const hasWork = (flow: Flow) => flow.ready.length > 0 || flow.nextDue <= clock.now();

  function flowOf(key: FlowKey, destinationName: string): Flow {
    let home = destinations.get(destinationName);
    if (home === undefined) {
      home = { name: destinationName, flows: new Map(), site: undefined, placedUntil: 0, waiting: 0 };
      destinations.set(destinationName, home);
    }
    const id = keyOf(key);
    let flow = home.flows.get(id);
    if (flow === undefined) {
      flow = newFlow(key, home);
      home.flows.set(id, flow);
    } else if (flow.destination !== key.destination) {
      // The spool forgot the destination's name while the flow was empty, and has given it a new number since.
      flow.destination = key.destination;
      flow.cursor = { due: 0, id: 0 };
    }
    idle.delete(flow);
    return flow;
  }

  /** Adds a flow that has work and is not blocked to the turns of its site. True: tell() should follow. */
  function enlist(flow: Flow): boolean {
    const { home } = flow;
    if (flow.isWaiting || flow.isLoading || !hasWork(flow) || isBlocked(flow)) return false;
    if (home.site !== undefined && home.waiting === 0 && home.placedUntil < clock.monotonic()) leaveSite(home);
    if (home.site === undefined) return true;
    flow.isWaiting = true;
    home.waiting += 1;
    home.site.turns.add(flow);
    return true;
  }

  /** Takes it out of the turns of its site. */
  function withdraw(flow: Flow): void {
    if (!flow.isWaiting) return;
    flow.isWaiting = false;
    flow.home.waiting -= 1;
    flow.home.site?.turns.remove(flow);
  }

  function tell({ name, site }: Destination): void {
    if (site === undefined) onUnplaced(name);
    else if (site.suspension === undefined) onDue(site.name);
  }

  function wakeAll(flows: Iterable<Flow>): void {
    // Several flows of a site, or of a destination without one, are told once.
    const news = new Map<Site | Destination, Destination>();
    for (const flow of flows) if (enlist(flow)) news.set(flow.home.site ?? flow.home, flow.home);
    for (const home of news.values()) tell(home);
  }

  function wakeDue(flows: Flow[]): void {
    for (const flow of flows) {
      flow.armedFor = NEVER;
      arm(flow);
    }
    wakeAll(flows);
  }

  /** Sets the timer for the next due time. None is needed when the flow has no rows in the spool, or is due now and so waits already. */
  function arm(flow: Flow): void {
    if (flow.nextDue >= flow.armedFor || flow.nextDue <= clock.now()) return;
    flow.armedFor = flow.nextDue;
    timer.arm(flow.nextDue, flow);
  }

  function leaveSite(home: Destination): void {
    const { site } = home;
    if (site === undefined) return;
    for (const flow of home.flows.values()) withdraw(flow);
    home.site = undefined;
    site.destinations -= 1;
    if (site.destinations === 0) sites.delete(site.name);
  }

  function siteOf(name: string): Site {
    let site = sites.get(name);
    if (site === undefined) {
      site = { name, turns: new Turns(), destinations: 0, suspension: undefined };
      sites.set(name, site);
    }
    return site;
  }

  /** A row of the flow is in the spool and in nobody's hands. Gives true when it is due now and wake() should follow. */
  function noteRow(flow: Flow, due: number, id: number): boolean {
    const isBehind = due < flow.cursor.due || (due === flow.cursor.due && id <= flow.cursor.id);
    if (isBehind) flow.cursor = { due, id: id - 1 };
    // A read under way may have missed the row: a new cursor object tells the read not to move the cursor.
    else if (flow.isLoading) flow.cursor = { ...flow.cursor };
    if (due < flow.nextDue) {
      flow.nextDue = due;
      arm(flow);
    }
    return due <= clock.now();
  }

  /** Forgets the rows of the flow that are in memory; they are read again from the spool. */
  function unload(flow: Flow): void {
    for (const { id, due } of flow.ready.splice(0)) {
      inHand.delete(id);
      noteRow(flow, due, id);
    }
  }

  function forgetOldestIdle(): void {
    for (const flow of idle) {
      if (idle.size <= MAX_IDLE) return;
      idle.delete(flow);
      const { home } = flow;
      home.flows.delete(keyOf(flow));
      if (home.flows.size > 0) continue;
      leaveSite(home);
      destinations.delete(home.name);
    }
  }

  function wake(flow: Flow): void {
    if (enlist(flow)) tell(flow.home);
  }

  return {
    /** Ids of deliveries that are in memory or in a caller's hands. */
    inHand,
    hasWork,
    keyOf,
    find: (destinationName: string) => destinations.get(destinationName),
    site: (name: string) => sites.get(name),
    all: () => destinations.values(),
    /** Makes the flow when it is new. */
    flow: flowOf,
    noteRow,
    unload,
    withdraw,
    /** Removes a row from those in memory that nobody has taken yet. True when it was one of them; it stays in `inHand`. */
    pullReady(row: Delivery): boolean {
      const ready = destinations.get(row.destinationName)?.flows.get(keyOf(row))?.ready ?? [];
      const index = ready.findIndex(({ id }) => id === row.id);
      if (index >= 0) ready.splice(index, 1);
      return index >= 0;
    },
    /** The row is in the spool and in nobody's hands again. */
    returnRow(row: Delivery): void {
      const flow = flowOf(row, row.destinationName);
      inHand.delete(row.id);
      if (noteRow(flow, row.due, row.id)) wake(flow);
    },
    /** The flow may have work: adds it to the turns of its site, and tells. */
    wake,
    wakeAll,
    /** Tells whoever takes from the flow's site to look again. */
    nudge({ home }: Flow): void {
      if (home.site?.turns.current() !== undefined) tell(home);
    },
    /** The flow has nothing in memory, after a read or its last row: it leaves the turns, and is kept, armed or forgotten. */
    retire(flow: Flow): void {
      withdraw(flow);
      if (flow.ready.length > 0 || flow.isLoading) return;
      arm(flow);
      if (flow.nextDue !== NEVER) return;
      idle.add(flow);
      forgetOldestIdle();
    },
    /** `until`: monotonic clock, ms. Does nothing for a destination without flows. */
    place(destinationName: string, siteName: string, until: number): void {
      const home = destinations.get(destinationName);
      if (home === undefined) return;
      home.placedUntil = until;
      if (home.site?.name !== siteName) {
        leaveSite(home);
        home.site = siteOf(siteName);
        home.site.destinations += 1;
      }
      wakeAll(home.flows.values());
    },
    checkTimer: timer.check,
    stop: timer.stop,
  };
}

function newFlow({ destination, account, priority }: FlowKey, home: Destination): Flow {
  return {
    destination,
    account,
    priority,
    home,
    cursor: { due: 0, id: 0 },
    nextDue: NEVER,
    armedFor: NEVER,
    ready: [],
    readAhead: FIRST_READ,
    isLoading: false,
    isWaiting: false,
    next: undefined,
    previous: undefined,
  };
}
