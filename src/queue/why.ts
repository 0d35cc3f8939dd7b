/** Says in plain words why an open delivery waits, and when it may be tried next. */

import { type Clock, type Delivery, plainTime } from '#core';
import type { QueuedDelivery, SpoolStore } from '#store';
import type { Flows } from './flows/flows.js';
import type { WaitReason } from './flows/wait-reason.js';
import { type Holds, holderText } from './holds.js';
import type { Pauses } from './pauses.js';
import type { Queue, QueueListener } from './queue.js';

/** Deliveries ahead are counted up to this number only. */
const COUNT_TO = 100_000;

export interface WhyDeps {
  spool: Pick<SpoolStore, 'countAhead'>;
  flows: Flows;
  holds: Pick<Holds, 'find'>;
  pauses: Pick<Pauses, 'find'>;
  clock: Clock;
  /** Converts the end of a pause or a suspension to wall clock time. */
  wall: (steady: number) => number;
  /** Why it waits for its trial, when its message may bring the server down. */
  suspicion: (delivery: Delivery) => WaitReason | undefined;
  explain: QueueListener['explain'];
  explainDeferral: QueueListener['explainDeferral'];
  explainTaken: QueueListener['explainTaken'];
}

export function makeWhy(deps: WhyDeps): Pick<Queue, 'why' | 'obstacle'> {
  const { spool, flows, holds, pauses, clock, wall, suspicion, explain, explainDeferral, explainTaken } = deps;
  const isReady = ({ destinationName, id }: Delivery) =>
    [...(flows.find(destinationName)?.flows.values() ?? [])].some(({ ready }) => ready.some((row) => row.id === id));

  function suspectedOrHeld(delivery: Delivery & { domain: string }): WaitReason | undefined {
    const suspected = suspicion(delivery);
    if (suspected !== undefined) return suspected;
    const hold = holds.find(delivery, flows.find(delivery.destinationName)?.site?.name);
    return hold && { reason: `${holderText(hold)}${hold.reason === '' ? '' : `: ${hold.reason}`}`, until: undefined };
  }

  function pausedOrSuspended(delivery: Delivery): WaitReason | undefined {
    const destination = flows.find(delivery.destinationName);
    const flow = destination?.flows.get(flows.keyOf(delivery));
    const pause = flow === undefined ? undefined : pauses.find(flow);
    if (pause !== undefined) return { reason: `Left alone for now: ${pause.why}`, until: wall(pause.until) };
    const site = destination?.site;
    return site?.suspension && { reason: `${site.name} is left alone for now: ${site.suspension.why}`, until: wall(site.suspension.until) };
  }

  function obstacle(delivery: Delivery & { domain: string }): WaitReason | undefined {
    const known = suspectedOrHeld(delivery) ?? pausedOrSuspended(delivery);
    const reason = known === undefined ? explainDeferral(delivery) : undefined;
    return reason === undefined ? known : { reason, until: undefined };
  }

  async function why(delivery: QueuedDelivery): Promise<WaitReason> {
    const { due, attempts, last, destinationName } = delivery;
    const site = flows.find(destinationName)?.site;
    const isInMemory = isReady(delivery);
    if (flows.inHand.has(delivery.id) && !isInMemory) {
      const reason = explainTaken(delivery);
      return reason === undefined ? { reason: 'It is being attempted now', until: clock.now() } : { reason, until: undefined };
    }
    const held = suspectedOrHeld(delivery);
    if (held !== undefined) return held;
    if (due > clock.now()) {
      if (attempts === 0) return { reason: `Scheduled by its sender for ${plainTime(due)}`, until: due };
      return { reason: `Attempt ${attempts} got "${last?.code} ${last?.message}"; it is tried again by the schedule`, until: due };
    }
    const stopped = pausedOrSuspended(delivery);
    if (stopped !== undefined) return stopped;
    if (site === undefined) return { reason: `Looking up the mail exchangers of ${destinationName}`, until: undefined };
    const ahead = await spool.countAhead(delivery, COUNT_TO);
    const others =
      ahead === 0
        ? 'First of its sender to this destination'
        : `Behind ${ahead}${ahead === COUNT_TO ? ' or more' : ''} others of its sender`;
    const load = explain(site.name, delivery);
    return { reason: `${others}${load === undefined ? '' : `; ${load}`}`, until: undefined };
  }

  return { why, obstacle };
}
