/** Puts the queue's parts together: spool, flows, turns, holds, cache. */
import type { Logger } from 'pino';
import { type Clock, type Delivery, type FlowKey, type IdSource, type Message, makeSteadyClock } from '#core';
import type { Recorder } from '#events';
import { EVERY_ACCOUNT, type HoldFilter, type NewMessage, type SpoolStore } from '#store';
import { makeBringForward } from './bring-forward.js';
import { makeClearDomain } from './clear-domain.js';
import { type Jump, makeClockJumps } from './clock-jumps.js';
import { makeExpiry } from './expire.js';
import { type Flow, makeFlows } from './flows/flows.js';
import { isAtSite, makeHolds } from './holds.js';
import { makeLoad } from './load.js';
import { makeMessageCache } from './message-cache.js';
import { makeOperate } from './operate.js';
import { makePauses } from './pauses.js';
import type { Queue, QueueListener, Verdict } from './queue.js';
import { makeSettleRows } from './settle.js';
import type { Suspects } from './suspects/suspects.js';
import { makeTake } from './take.js';
import { makeWhy } from './why.js';

export type QueueSpool = Pick<
  SpoolStore,
  | 'put'
  | 'take'
  | 'lease'
  | 'settle'
  | 'message'
  | 'list'
  | 'flowHeads'
  | 'expired'
  | 'dueAfter'
  | 'countAhead'
  | 'holds'
  | 'putHold'
  | 'removeHolds'
>;

export interface QueueDeps {
  spool: QueueSpool;
  clock: Clock;
  /** The one that messages get their ids from. */
  ids: Pick<IdSource, 'next'>;
  recorder: Recorder;
  logger: Logger;
  /** Public id of an account, for events. */
  accountId: (account: number) => Promise<string>;
  /** Knows the messages that may bring the server down; without it none is suspected. */
  suspects?: Pick<Suspects, 'mayTake' | 'returned' | 'why'>;
  /** Called after every commit that wrote events. */
  onEvents: () => void;
}

/** Messages kept between accept and first attempt, bytes. */
const CACHE_BYTES = 64 * 1024 * 1024;
/** Due deliveries of one flow handed over in memory; what comes beyond waits in the spool. */
const READY_PER_FLOW = 256;
/** Flows found per read at start. */
const HEADS_PER_READ = 1000;

export function makeQueue(deps: QueueDeps): Queue {
  const { spool, clock, logger, suspects } = deps;
  const settleRows = makeSettleRows(spool);
  const listeners: QueueListener[] = [];
  let running = false;
  const flows = makeFlows({
    clock,
    onDue: (site) => running && tell((listener) => listener.onDue(site)),
    onUnplaced: (destination) => running && tell((listener) => listener.onUnplaced(destination)),
    isBlocked: (flow) => isBlocked(flow),
  });
  /** Flows that whoever takes can send nothing of for now. */
  const deferredFlows = new Set<Flow>();
  /** By a hold, a pause, or whoever takes. */
  const isBlocked = (flow: Flow): boolean => deferredFlows.has(flow) || holds.holdsFlow(flow) || pauses.find(flow) !== undefined;
  // A pause lasts as long as it was meant to, even when the wall clock is set meanwhile.
  const steady = makeSteadyClock(clock);
  const pauses = makePauses({ clock: steady, onEnd: () => wakeEveryone() });
  const holds = makeHolds(spool, (destination) => flows.find(destination)?.site?.name);
  const load = makeLoad({ spool, flows, clock, logger });
  const cache = makeMessageCache(CACHE_BYTES);
  const clearing = makeClearDomain({ ...deps, settle: settleRows, flows, committed: deps.onEvents });
  const forward = makeBringForward({ spool, settle: settleRows, flows, clock, logger });
  const jumps = makeClockJumps({ clock, ids: deps.ids, onJump: noteJump });
  const expiry = makeExpiry({ ...deps, settle: settleRows, flows, jumps, committed: deps.onEvents });

  function tell(say: (listener: QueueListener) => void): void {
    for (const listener of listeners) {
      try {
        say(listener);
      } catch (err) {
        // The commit stands even when a listener fails. If we threw, the caller would send the message again.
        logger.error({ err }, 'a listener of the queue failed');
      }
    }
  }

  function noteJump(jump: Jump): void {
    logger.warn({ seconds: Math.round(jump.by / 1000) }, 'the clock was set: mail that waits keeps its time');
    if (jump.by < 0) forward.afterJump(jump);
    flows.checkTimer();
  }

  async function findMessage(id: number): Promise<Message | undefined> {
    const cached = cache.get(id);
    if (cached !== undefined) return cached;
    const message = await spool.message(id);
    if (message !== undefined) cache.add(message, undefined);
    return message;
  }

  /** A committed row that is due goes to memory at once when no older one of its flow waits in the spool; otherwise it is read in its turn. */
  function offer(flow: Flow, delivery: Delivery, now: number): void {
    if (flows.inHand.has(delivery.id)) return;
    const isDirect =
      delivery.due <= now &&
      flow.nextDue > now &&
      flow.ready.length < READY_PER_FLOW &&
      !flows.inHand.isCrowded &&
      flow.home.site?.suspension === undefined &&
      !isBlocked(flow);
    if (!isDirect) {
      flows.noteRow(flow, delivery.due, delivery.id);
      return;
    }
    flows.inHand.add(delivery.id, delivery.variablesSize);
    flow.ready.push(delivery);
  }

  async function put(message: NewMessage): Promise<void> {
    const deliveries = await spool.put(message);
    const now = clock.now();
    // A message that is sent later would only push out one that is sent now.
    if (deliveries.some(({ due }) => due <= now)) cache.add(message.message, deliveries.length);
    const touched = new Set<Flow>();
    for (const delivery of deliveries) {
      const flow = flows.flow(delivery, delivery.destinationName);
      offer(flow, delivery, now);
      touched.add(flow);
    }
    deps.onEvents();
    flows.wakeAll(touched);
  }

  async function settle(delivery: Delivery, given: Verdict): Promise<boolean> {
    const key = delivery;
    suspects?.returned(delivery);
    const verdict = await clearing.verdictFor(delivery, given);
    const [found] = await settleRows([
      verdict.kind === 'done'
        ? { kind: 'done', key, message: delivery.message, at: clock.now(), events: verdict.events }
        : { ...verdict, key, message: delivery.message },
    ]);
    if (verdict.kind === 'done' || !found) {
      flows.inHand.delete(delivery.id);
      cache.release(delivery.message);
    } else flows.returnRow({ ...delivery, due: verdict.due });
    deps.onEvents();
    return found === true;
  }

  /** Reads where each flow begins; a flow that is known already is read again from there. */
  async function findFlows(account?: number): Promise<void> {
    let after: FlowKey | undefined;
    for (;;) {
      const heads = await spool.flowHeads(after, HEADS_PER_READ);
      const mine = account === undefined ? heads : heads.filter((head) => head.account === account);
      const found = mine.map((head) => {
        const flow = flows.flow(head, head.destinationName);
        flows.noteRow(flow, head.due, 0);
        return flow;
      });
      flows.wakeAll(found);
      after = heads.at(-1);
      if (heads.length < HEADS_PER_READ) return;
    }
  }

  function wakeEveryone(): void {
    for (const home of flows.all()) flows.wakeAll(home.flows.values());
  }

  /** Flows that a new hold or pause covers leave the turns, and their rows the memory. */
  function unloadBlocked(): void {
    for (const home of flows.all()) {
      for (const flow of home.flows.values()) {
        if (!isBlocked(flow)) continue;
        flows.withdraw(flow);
        flows.unload(flow);
      }
    }
  }

  return {
    put,
    settle,
    listen: (listener) => void listeners.push(listener),
    place: flows.place,
    take: makeTake({ flows, clock, holds, load: load.start, mayTake: suspects?.mayTake ?? (() => true) }),
    suspend(siteName, until, why) {
      const site = flows.site(siteName);
      if (site === undefined) return;
      site.suspension = { until, why };
      for (const flow of site.turns.flows()) flows.unload(flow);
    },
    resume(siteName) {
      const site = flows.site(siteName);
      if (site === undefined) return;
      site.suspension = undefined;
      if (running && site.turns.current() !== undefined) tell((listener) => listener.onDue(siteName));
    },
    pause(filter, until, why) {
      pauses.add({ ...filter, until, why });
      unloadBlocked();
    },
    async message(id) {
      const message = await findMessage(id);
      if (message === undefined) return undefined;
      const expiresAt = jumps.expiryOf(message);
      return expiresAt === message.expiresAt ? message : { ...message, expiresAt };
    },
    relieve: cache.shrink,
    siteOf: (destination) => flows.find(destination)?.site?.name,
    isAt: (destination, site) => isAtSite(flows.find(destination)?.site?.name, site),
    isHeld: holds.holdsMessage,
    giveBack(delivery) {
      if (clearing.ends(delivery)) return;
      const flow = flows.flow(delivery, delivery.destinationName);
      if (flow.home.site?.suspension !== undefined || isBlocked(flow)) return flows.returnRow(delivery);
      flow.ready.unshift(delivery);
      flows.wake(flow);
    },
    defer(delivery) {
      if (!clearing.ends(delivery)) flows.inHand.delete(delivery.id);
    },
    bringBack(delivery) {
      // By name: the spool may have given the destination another number since.
      const known = flows.find(delivery.destinationName)?.flows.get(flows.keyOf(delivery));
      const flow = known ?? flows.flow(delivery, delivery.destinationName);
      if (flows.noteRow(flow, delivery.due, delivery.id)) flows.wake(flow);
    },
    deferFlow(delivery) {
      if (clearing.ends(delivery)) return () => undefined;
      const flow = flows.flow(delivery, delivery.destinationName);
      deferredFlows.add(flow);
      flows.withdraw(flow);
      flow.ready.unshift(delivery);
      return () => {
        if (deferredFlows.delete(flow)) flows.wake(flow);
      };
    },
    ...makeOperate({ ...deps, settle: settleRows, flows, committed: deps.onEvents }),
    async list(filter) {
      const rows = await spool.list(filter);
      return rows.map((row) => ({ ...row, expiresAt: jumps.expiryOf({ ...row, id: row.message }) }));
    },
    clear: clearing.clear,
    ...makeWhy({
      spool,
      flows,
      holds,
      pauses,
      clock,
      wall: steady.wall,
      suspicion: (delivery) => suspects?.why(delivery),
      explain: (site, delivery) => listeners.map((listener) => listener.explain(site, delivery)).find(Boolean),
      explainDeferral: (delivery) => listeners.map((listener) => listener.explainDeferral(delivery)).find(Boolean),
      explainTaken: (delivery) => listeners.map((listener) => listener.explainTaken(delivery)).find(Boolean),
    }),
    async hold({ account, isOperators, domain, destination, site, message }: HoldFilter, reason = '') {
      const hold = await holds.add({ account, isOperators, domain, destination, site, message, reason, at: clock.now() });
      unloadBlocked();
      return hold;
    },
    async release(filter) {
      const released = await holds.remove(filter);
      if (released.length > 0) await findFlows(filter.account === EVERY_ACCOUNT ? undefined : filter.account);
      return released;
    },
    holds: holds.list,
    async start() {
      running = true;
      await holds.load();
      await findFlows();
      expiry.start();
      jumps.start();
      forward.start();
      logger.debug('queue found its flows');
    },
    stop() {
      running = false;
      expiry.stop();
      jumps.stop();
      forward.stop();
      pauses.stop();
      flows.stop();
    },
  };
}
