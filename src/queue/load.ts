/** Reads the next due rows of a flow from the spool into memory. Nobody waits for the read: when it is done, the flow enters the turns of its site. */
import type { Logger } from 'pino';
import type { Clock } from '#core';
import type { SpoolStore } from '#store';
import type { Flow, Flows } from './flows/flows.js';

/** Rows read from the spool at once, at most. */
const READ_AHEAD = 256;
/** After a failed read the store is asked again this much later, ms. */
const RETRY_AFTER_ERROR = 1000;

export function makeLoad(deps: { spool: Pick<SpoolStore, 'take'>; flows: Flows; clock: Clock; logger: Logger }) {
  const { spool, flows, clock, logger } = deps;
  const running = new Set<Promise<void>>();

  async function read(flow: Flow): Promise<void> {
    const { destination, account, priority, cursor: from } = flow;
    // What is noted during the read is newer than its answer.
    flow.nextDue = Number.POSITIVE_INFINITY;
    const reading = flows.inHand.startRead();
    try {
      const limit = flows.inHand.readLimit(flow.readAhead);
      flow.readAhead = Math.min(READ_AHEAD, 4 * flow.readAhead);
      const { rows, nextDue } = await spool.take({ destination, account, priority }, from, clock.now(), limit);
      const last = rows.at(-1);
      if (last !== undefined && flow.cursor === from) flow.cursor = { due: last.due, id: last.id };
      for (const delivery of rows) {
        if (flows.inHand.has(delivery.id) || reading.hasLeft(delivery.id)) continue;
        flows.inHand.add(delivery.id, delivery.variablesSize);
        flow.ready.push(delivery);
      }
      if (nextDue !== undefined && nextDue < flow.nextDue) flow.nextDue = nextDue;
    } catch (err) {
      // The rows are still there.
      flow.nextDue = Math.min(flow.nextDue, clock.now() + RETRY_AFTER_ERROR);
      logger.error({ err, destination: flow.home.name, account }, 'could not read due deliveries from the spool');
    } finally {
      reading.end();
    }
  }

  async function load(flow: Flow): Promise<void> {
    await read(flow);
    flow.isLoading = false;
    if (flow.home.site?.suspension !== undefined) flows.unload(flow);
    if (flows.hasWork(flow)) flows.wake(flow);
    else flows.retire(flow);
    flows.nudge(flow);
  }

  return {
    /** One read at a time per flow. */
    start(flow: Flow): void {
      if (flow.isLoading) return;
      flow.isLoading = true;
      const reading = load(flow).finally(() => running.delete(reading));
      running.add(reading);
    },
  };
}
