/**
 * Whose turn it is at a site: priorities by weight, accounts in turn within a priority (deficit round-robin, every message costs one), the flows
 * of an account in turn within that. The cost of an operation does not grow with the number of flows: a site may have a hundred thousand.
 */
import type { Priority } from '#core';
import { type Linked, Ring } from './ring.js';

/** Share of the messages a priority gets while all of them have something waiting. */
const PRIORITY_WEIGHTS: readonly [number, number, number] = [70, 25, 5];
/** Messages an account may send before the next account of the same priority has its turn. */
export const QUANTUM = 8;

/** An item that takes turns. */
export interface Waiting<F> extends Linked<F> {
  account: number;
  priority: Priority;
}

interface Tenant<F extends Linked<F>> extends Linked<Tenant<F>> {
  readonly account: number;
  readonly flows: Ring<F>;
  /** Messages it may still send in this turn. */
  left: number;
}

interface Band<F extends Linked<F>> {
  readonly tenants: Map<number, Tenant<F>>;
  readonly order: Ring<Tenant<F>>;
  readonly step: number;
  /** Grows by `step` with each message; the band with the least progress is next. */
  progress: number;
}

export class Turns<F extends Waiting<F>> {
  readonly #bands: readonly Band<F>[] = PRIORITY_WEIGHTS.map((weight) => ({
    tenants: new Map(),
    order: new Ring<Tenant<F>>(),
    step: 1 / weight,
    progress: 0,
  }));
  /** Progress of the band served last: a band that was empty starts from there, so that waiting earns no credit. */
  #now = 0;

  /** `flow` must not be in any turns yet. */
  add(flow: F): void {
    const band = this.#bandOf(flow);
    if (band.order.head === undefined) band.progress = Math.max(band.progress, this.#now);
    let tenant = band.tenants.get(flow.account);
    if (tenant === undefined) {
      tenant = { account: flow.account, flows: new Ring(), left: QUANTUM, next: undefined, previous: undefined };
      band.tenants.set(flow.account, tenant);
      band.order.add(tenant);
    }
    tenant.flows.add(flow);
  }

  remove(flow: F): void {
    const band = this.#bandOf(flow);
    const tenant = band.tenants.get(flow.account);
    if (tenant === undefined) return;
    tenant.flows.remove(flow);
    if (tenant.flows.head !== undefined) return;
    band.order.remove(tenant);
    band.tenants.delete(flow.account);
  }

  /** The flow whose turn it is. */
  current(): F | undefined {
    let first: Band<F> | undefined;
    for (const band of this.#bands) {
      if (band.order.head !== undefined && (first === undefined || band.progress < first.progress)) first = band;
    }
    return first?.order.head?.flows.head;
  }

  /** One message of the current flow was taken. True when that ended the turn of its account. */
  spend(flow: F): boolean {
    const band = this.#bandOf(flow);
    this.#now = band.progress;
    band.progress += band.step;
    const tenant = band.tenants.get(flow.account);
    if (tenant === undefined || --tenant.left > 0) return false;
    tenant.left = QUANTUM;
    tenant.flows.turn();
    band.order.turn();
    return true;
  }

  /** All flows that wait, in no particular order. */
  *flows(): Generator<F> {
    for (const { tenants } of this.#bands) {
      for (const { flows } of tenants.values()) {
        let flow = flows.head;
        do {
          const next: F | undefined = flow?.next;
          if (flow !== undefined) yield flow;
          flow = next;
        } while (flow !== undefined && flow !== flows.head);
      }
    }
  }

  #bandOf({ priority }: F): Band<F> {
    return this.#bands[priority] as Band<F>;
  }
}
