/** Puts the queue's parts together: spool, flows, cache. */
import type { Logger } from 'pino';
import type { Clock, Delivery, FlowKey } from '#core';
import type { Recorder } from '#events';
import type { NewMessage, SpoolStore } from '#store';
import { type Flow, makeFlows } from './flows.js';
import { makeMessageCache } from './message-cache.js';
import { makeOperate } from './operate.js';
import type { Queue, Verdict } from './queue.js';
import { makeTake } from './take.js';

export interface QueueDeps {
  spool: Pick<SpoolStore, 'put' | 'take' | 'settle' | 'message' | 'list' | 'flowHeads'>;
  clock: Clock;
  recorder: Recorder;
  logger: Logger;
  /** Public id of an account, for events. */
  accountId: (account: number) => Promise<string>;
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
  const { spool, clock, logger } = deps;
  const listeners: ((destination: string) => void)[] = [];
  let running = false;
  const tell = (destination: string) => {
    if (running) for (const listener of listeners) listener(destination);
  };
  const flows = makeFlows({ clock, onDue: tell });
  const cache = makeMessageCache(CACHE_BYTES);

  /** A committed row goes straight to the ones who wait for it when nothing older does; else the spool keeps it until its turn. */
  function offer(flow: Flow, delivery: Delivery, now: number): void {
    if (flows.held.has(delivery.id)) return;
    if (delivery.due > now || flow.nextDue <= now || flow.ready.length >= READY_PER_FLOW) {
      flows.noteRow(flow, delivery.due, delivery.id);
      return;
    }
    flows.held.add(delivery.id);
    flow.ready.push(delivery);
  }

  async function put(message: NewMessage): Promise<void> {
    const deliveries = await spool.put(message);
    try {
      handOver(message, deliveries);
    } catch (err) {
      // The message is committed whatever happens here: to say otherwise would have it sent twice.
      logger.error({ err, message: message.message.id }, 'committed deliveries could not be handed over');
    }
  }

  function handOver(message: NewMessage, deliveries: Delivery[]): void {
    const now = clock.now();
    if (deliveries.length > 0) cache.add(message.message, deliveries.length);
    const names = new Set<string>();
    for (const delivery of deliveries) {
      offer(flows.flow(delivery, delivery.destinationName), delivery, now);
      if (delivery.due <= now) names.add(delivery.destinationName);
    }
    deps.onEvents();
    for (const name of names) tell(name);
  }

  async function settle(delivery: Delivery, verdict: Verdict): Promise<boolean> {
    const key = delivery;
    const [found] = await spool.settle([
      verdict.kind === 'done'
        ? { kind: 'done', key, message: delivery.message, at: clock.now(), events: verdict.events }
        : { ...verdict, key, message: delivery.message },
    ]);
    flows.held.delete(delivery.id);
    if (verdict.kind === 'done' || !found) cache.release(delivery.message);
    else flows.noteRow(flows.flow(delivery, delivery.destinationName), verdict.due, delivery.id);
    deps.onEvents();
    return found === true;
  }

  async function findFlows(): Promise<void> {
    let after: FlowKey | undefined;
    for (;;) {
      const heads = await spool.flowHeads(after, HEADS_PER_READ);
      for (const head of heads) flows.noteRow(flows.flow(head, head.destinationName), head.due, 0);
      after = heads.at(-1);
      if (heads.length < HEADS_PER_READ) return;
    }
  }

  return {
    put,
    settle,
    onDue: (listener) => void listeners.push(listener),
    take: makeTake({ spool, flows, clock }),
    async message(id) {
      const cached = cache.get(id);
      if (cached !== undefined) return cached;
      const message = await spool.message(id);
      if (message !== undefined) cache.add(message, undefined);
      return message;
    },
    giveBack(delivery) {
      const flow = flows.flow(delivery, delivery.destinationName);
      flow.ready.unshift(delivery);
      tell(delivery.destinationName);
    },
    ...makeOperate({ ...deps, flows, committed: deps.onEvents }),
    async start() {
      running = true;
      await findFlows();
      logger.debug('queue found its flows');
    },
    stop() {
      running = false;
      flows.stop();
    },
  };
}
