/** What an operator or a customer does to open deliveries: retry now, cancel. Deliveries that are being attempted right now stay as they are. */
import type { Clock, Delivery, Outcome } from '#core';
import type { Recorder } from '#events';
import type { QueuedDelivery, Settlement, SpoolStore } from '#store';
import type { Flows } from './flows/flows.js';
import type { Queue } from './queue.js';
import type { SettleRows } from './settle.js';

interface OperateDeps {
  spool: Pick<SpoolStore, 'list' | 'message'>;
  settle: SettleRows;
  flows: Flows;
  clock: Clock;
  recorder: Recorder;
  accountId: (account: number) => Promise<string>;
  /** Something was committed. */
  committed: () => void;
}

/** Deliveries changed at a time. */
const PART = 100;

/** What the `failed` event of a cancelled delivery says. The code is our own; Mailgun uses 605 to 607 in the same way. */
export const CANCELLED: Extract<Outcome, { kind: 'failed' }> = {
  kind: 'failed',
  reply: { code: 604, enhancedCode: '', text: '' },
  stage: 'local',
  reason: 'generic',
  description: 'Cancelled before it was delivered',
  connection: {},
  sessionMs: 0,
};

interface Change {
  settlement: Settlement;
  /** The changed row, when the delivery stays open. */
  moved?: Delivery;
}

/** Undefined: the delivery is left as it is. */
type Plan = (delivery: QueuedDelivery) => Promise<Change | undefined>;

export function makeOperate(deps: OperateDeps): Pick<Queue, 'retry' | 'cancel'> {
  const { spool, settle, flows, clock, recorder } = deps;

  /** Settles an open delivery as `plan` says, unless it is in somebody's hands; it is in ours meanwhile. */
  async function onOne(account: number, id: number, plan: Plan): Promise<boolean> {
    const [delivery] = await spool.list({ account, limit: 1, after: id - 1 });
    if (delivery?.id !== id) return false;
    // What is only in memory for its turn is in nobody's hands yet.
    if (flows.inHand.has(id) && !flows.pullReady(delivery)) return false;
    flows.inHand.add(id);
    let back: Delivery | undefined = delivery;
    try {
      const change = await plan(delivery);
      if (change === undefined) return false;
      const [found] = await settle([change.settlement]);
      // It may have ended or moved before we took it in hand: then its flow is read from the beginning.
      back = found ? change.moved : { ...delivery, due: 0 };
      return found === true;
    } finally {
      // A read may have passed over it meanwhile.
      if (back !== undefined) flows.returnRow(back);
      else flows.inHand.delete(id);
    }
  }

  /** Many at a time, so that they share their commits. */
  async function onEach(account: number, ids: number[], plan: Plan): Promise<number> {
    const left = [...new Set(ids)];
    let changed = 0;
    while (left.length > 0) {
      const part = await Promise.all(left.splice(0, PART).map((id) => onOne(account, id, plan)));
      changed += part.filter(Boolean).length;
    }
    if (changed > 0) deps.committed();
    return changed;
  }

  return {
    retry: (account, ids) =>
      onEach(account, ids, async (delivery) => {
        const due = clock.now();
        const { message, attempts, last } = delivery;
        // Its sender scheduled it: a retry of everything must not send it early.
        if (attempts === 0 && delivery.due > due) return undefined;
        return { settlement: { kind: 'defer', key: delivery, message, due, attempts, last, events: [] }, moved: { ...delivery, due } };
      }),

    cancel: (account, ids) =>
      onEach(account, ids, async (delivery) => {
        const message = await spool.message(delivery.message);
        if (message === undefined) return undefined;
        const accountId = await deps.accountId(account);
        const event = recorder.failed({
          message,
          accountId,
          delivery,
          attempt: delivery.attempts,
          outcome: CANCELLED,
          severity: 'permanent',
        });
        return { settlement: { kind: 'done', key: delivery, message: message.id, at: clock.now(), events: [event] } };
      }),
  };
}
