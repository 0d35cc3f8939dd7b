/** What an operator or a customer does to open deliveries: list, retry now, cancel. Deliveries that are being attempted right now are left alone. */
import type { Clock, Outcome } from '#core';
import type { Recorder } from '#events';
import type { QueuedDelivery, QueueFilter, SpoolStore } from '#store';
import type { Flows } from './flows.js';
import type { Queue } from './queue.js';

interface OperateDeps {
  spool: Pick<SpoolStore, 'list' | 'settle' | 'message'>;
  flows: Flows;
  clock: Clock;
  recorder: Recorder;
  accountId: (account: number) => Promise<string>;
  /** Something was committed. */
  committed: () => void;
}

/** What the `failed` event of a cancelled delivery says; the code is ours, as Mailgun's 605 to 607 are theirs. */
export const CANCELLED: Extract<Outcome, { kind: 'failed' }> = {
  kind: 'failed',
  reply: { code: 604, enhancedCode: '', text: '' },
  stage: 'local',
  reason: 'generic',
  description: 'Cancelled by its owner',
  connection: {},
  sessionMs: 0,
};

export function makeOperate(deps: OperateDeps): Pick<Queue, 'list' | 'retry' | 'cancel'> {
  const { spool, flows, clock, recorder } = deps;

  /** Runs `change` on each open delivery that nobody holds, and holds it meanwhile. */
  async function onEach(account: number, ids: number[], change: (delivery: QueuedDelivery) => Promise<boolean>): Promise<number> {
    let changed = 0;
    for (const id of ids) {
      const [delivery] = await spool.list({ account, limit: 1, after: id - 1 });
      if (delivery?.id !== id || flows.inHand.has(id)) continue;
      flows.inHand.add(id);
      let isChanged = false;
      try {
        isChanged = await change(delivery);
      } finally {
        flows.inHand.delete(id);
        // A read may have passed over it meanwhile.
        if (!isChanged) flows.returnRow(delivery);
      }
      if (isChanged) changed += 1;
    }
    if (changed > 0) deps.committed();
    return changed;
  }

  return {
    list: (filter: QueueFilter) => spool.list(filter),

    async retry(account, ids) {
      const moved: { delivery: QueuedDelivery; due: number }[] = [];
      const count = await onEach(account, ids, async (delivery) => {
        const due = clock.now();
        const { attempts, last } = delivery;
        // Its sender said when: to send it early is nothing that a retry of everything should do.
        if (attempts === 0 && delivery.due > due) return false;
        const [found] = await spool.settle([{ kind: 'defer', key: delivery, message: delivery.message, due, attempts, last, events: [] }]);
        if (found) moved.push({ delivery, due });
        return found === true;
      });
      // Only now may a read of the spool give them out.
      for (const { delivery, due } of moved) flows.returnRow({ ...delivery, due });
      return count;
    },

    cancel: (account, ids) =>
      onEach(account, ids, async (delivery) => {
        const message = await spool.message(delivery.message);
        if (message === undefined) return false;
        const accountId = await deps.accountId(account);
        const event = recorder.failed({
          message,
          accountId,
          delivery,
          attempt: delivery.attempts,
          outcome: CANCELLED,
          severity: 'permanent',
        });
        const [found] = await spool.settle([{ kind: 'done', key: delivery, message: message.id, at: clock.now(), events: [event] }]);
        return found === true;
      }),
  };
}
