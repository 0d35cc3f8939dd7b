/** Hands out due deliveries of a destination, fair among its flows; reads the spool only when memory has nothing. */
import type { Clock, Delivery } from '#core';
import type { SpoolStore } from '#store';
import { chooseTurn } from './fair-order.js';
import type { Flow, Flows } from './flows.js';

/** Rows read from the spool at once. */
const READ_AHEAD = 256;
/** Deliveries one flow gives per turn. */
const QUANTUM = 8;
const PAUSE_AFTER_ERROR = 1000;

export function makeTake(deps: { spool: Pick<SpoolStore, 'take'>; flows: Flows; clock: Clock }) {
  const { spool, flows, clock } = deps;

  /** Reads the flow's next due rows; concurrent callers share one read. */
  function load(flow: Flow): Promise<void> {
    flow.loading ??= read(flow).finally(() => {
      flow.loading = undefined;
      flows.forgetIfIdle(flow);
    });
    return flow.loading;
  }

  async function read(flow: Flow): Promise<void> {
    const { destination, account, priority, cursor: from } = flow;
    // What is noted while the read is under way is newer than what it answers.
    flow.nextDue = Number.POSITIVE_INFINITY;
    try {
      const { rows, nextDue } = await spool.take({ destination, account, priority }, from, clock.now(), READ_AHEAD);
      const last = rows.at(-1);
      if (last !== undefined && flow.cursor === from) flow.cursor = { due: last.due, id: last.id };
      for (const delivery of rows) {
        if (flows.held.has(delivery.id)) continue;
        flows.held.add(delivery.id);
        flow.ready.push(delivery);
      }
      if (nextDue !== undefined && nextDue < flow.nextDue) {
        flow.nextDue = nextDue;
        flows.arm(flow);
      }
    } catch (error) {
      // The rows are still there; a store that fails is not asked again at once.
      flow.nextDue = Math.min(flow.nextDue, clock.now() + PAUSE_AFTER_ERROR);
      flows.arm(flow);
      throw error;
    }
  }

  return async function take(destinationName: string, limit: number): Promise<Delivery[]> {
    const taken: Delivery[] = [];
    while (taken.length < limit) {
      const destination = flows.destination(destinationName);
      if (destination === undefined) break;
      const now = clock.now();
      const waiting = [...destination.flows.values()].filter((flow) => flow.ready.length > 0 || flow.nextDue <= now);
      const [first, ...others] = waiting;
      if (first === undefined) {
        const loading = [...destination.flows.values()].map((flow) => flow.loading).find((promise) => promise !== undefined);
        if (loading === undefined || taken.length > 0) break;
        await loading;
        continue;
      }
      const flow = chooseTurn(destination.turns, [first, ...others]);
      if (flow.ready.length === 0 && taken.length > 0) {
        // Its rows will be there at the next call, which also tells of a failure.
        load(flow).catch(() => undefined);
        break;
      }
      if (flow.ready.length === 0) {
        await load(flow);
        continue;
      }
      taken.push(...flow.ready.splice(0, Math.min(QUANTUM, limit - taken.length)));
      flows.forgetIfIdle(flow);
    }
    return taken;
  };
}
