/** Hands out due deliveries of a site, fair among its accounts and priorities, from memory; reads ahead, and never waits. */
import type { Clock, Delivery } from '#core';
import type { Flow, Flows } from './flows/flows.js';
import type { Holds } from './holds.js';

/** Rows left in memory at which more are read. */
const LOW = 64;
/** Reads that one call may begin: more would only delay the answer to the first. */
const MAX_READS = 4;

export interface TakeDeps {
  flows: Flows;
  clock: Clock;
  holds: Pick<Holds, 'holdsDelivery'>;
  load: (flow: Flow) => void;
  /** False for a delivery that waits for its trial, because its message may bring the server down. */
  mayTake: (row: Delivery) => boolean;
}

export function makeTake({ flows, clock, holds, load, mayTake }: TakeDeps) {
  /** The next row of the flow. Rows that are held or wait for their trial are passed over: they stay in the spool, behind the cursor, until they are brought back. */
  function shift(flow: Flow): Delivery | undefined {
    for (let row = flow.ready.shift(); row !== undefined; row = flow.ready.shift()) {
      if (!holds.holdsDelivery(row) && mayTake(row)) return row;
      flows.inHand.delete(row.id);
    }
    return undefined;
  }

  /** Begins to read more when few rows are left in memory. A flow with none leaves the turns; it comes back when its read is done. True: a read began. */
  function goOn(flow: Flow): boolean {
    const isEmpty = flow.ready.length === 0;
    const readsMore = flow.ready.length < LOW && flow.nextDue <= clock.now();
    if (isEmpty) flows.withdraw(flow);
    if (readsMore) load(flow);
    else if (isEmpty) flows.retire(flow);
    return readsMore;
  }

  return function take(siteName: string, limit: number): Delivery[] {
    const taken: Delivery[] = [];
    let site = flows.site(siteName);
    if (site?.turns.current() === undefined) {
      flows.checkTimer();
      site = flows.site(siteName);
    }
    if (site === undefined || site.suspension !== undefined) return taken;
    for (let reads = 0; taken.length < limit && reads < MAX_READS; ) {
      const flow = site.turns.current();
      if (flow === undefined) break;
      const row = shift(flow);
      if (row !== undefined) {
        taken.push(row);
        const isTurnOver = site.turns.spend(flow);
        if (isTurnOver && flows.inHand.isCrowded && flow.ready.length > 0) {
          flows.unload(flow);
          continue;
        }
      }
      if (goOn(flow)) reads++;
    }
    return taken;
  };
}
