/**
 * Ends all open deliveries of a sending domain, scheduled ones too, a part at a time: memory does not grow with their number. What is being attempted
 * right now is left to its attempt and, when that leaves it open, ends then.
 */
import type { Logger } from 'pino';
import type { Clock, Delivery, IdSource } from '#core';
import type { Recorder } from '#events';
import type { OutboxEvent, Settlement, SpoolStore } from '#store';
import type { Flows } from './flows/flows.js';
import { CANCELLED } from './operate.js';
import type { Verdict } from './queue.js';
import type { SettleRows } from './settle.js';

/** Deliveries ended in one commit. */
const PART = 200;

export interface ClearDomainDeps {
  spool: Pick<SpoolStore, 'list' | 'message'>;
  settle: SettleRows;
  flows: Pick<Flows, 'inHand' | 'returnRow' | 'pullReady'>;
  clock: Clock;
  ids: Pick<IdSource, 'next'>;
  recorder: Recorder;
  logger: Logger;
  accountId: (account: number) => Promise<string>;
  committed: () => void;
}

export interface DomainClearing {
  /** Gives how many it ended, without those that end with their attempt. Throws StoreError; what was ended until then stays ended. */
  clear(account: number, domain: string): Promise<number>;
  /** What to commit for a delivery that comes back from its attempt: `verdict`, or its end when its domain was cleared meanwhile. */
  verdictFor(delivery: Delivery, verdict: Verdict): Promise<Verdict>;
  /** For a delivery that comes back without an attempt. True: its domain was cleared meanwhile, and it ends now. */
  ends(delivery: Delivery): boolean;
}

export function makeClearDomain({
  spool,
  settle,
  flows,
  clock,
  ids,
  recorder,
  logger,
  accountId,
  committed,
}: ClearDomainDeps): DomainClearing {
  /** Deliveries that were in somebody's hands when their domain was cleared. */
  const condemned = new Set<number>();

  async function eventFor(delivery: Delivery, attempt: number, read = spool.message): Promise<OutboxEvent | undefined> {
    const message = await read(delivery.message);
    if (message === undefined) return undefined;
    return recorder.failed({
      ...{ message, accountId: await accountId(delivery.account), delivery, attempt },
      ...{ outcome: CANCELLED, severity: 'permanent' },
    });
  }

  /** The deliveries of a batch have one message. */
  function readingOnce(): typeof spool.message {
    const known = new Map<number, ReturnType<typeof spool.message>>();
    return (id) => {
      const message = known.get(id) ?? spool.message(id);
      known.set(id, message);
      return message;
    };
  }

  /** Ends rows that are in hand, or gives them back. */
  async function end(rows: Delivery[]): Promise<number> {
    const read = readingOnce();
    try {
      const settlements = await Promise.all(
        rows.map(async (row): Promise<Settlement[]> => {
          const event = await eventFor(row, row.attempts, read);
          return event === undefined ? [] : [{ kind: 'done', key: row, message: row.message, at: clock.now(), events: [event] }];
        }),
      );
      const found = await settle(settlements.flat());
      committed();
      for (const { id } of rows) flows.inHand.delete(id);
      return found.filter(Boolean).length;
    } catch (error) {
      // A read may have passed over them meanwhile.
      for (const row of rows) flows.returnRow(row);
      throw error;
    }
  }

  /** Takes a row into our hands. One that is in somebody's hands is noted instead, and ends when it comes back. */
  function claim(row: Delivery): boolean {
    if (flows.inHand.has(row.id) && !flows.pullReady(row)) {
      condemned.add(row.id);
      return false;
    }
    flows.inHand.add(row.id);
    return true;
  }

  return {
    async clear(account, domain) {
      // Messages that are accepted from now on stay.
      const last = ids.next();
      for (let ended = 0, after = 0; ; ) {
        const rows = await spool.list({ account, domain, limit: PART, after });
        const mine = rows.filter(({ id }) => id < last);
        if (mine.length === 0) return ended;
        ended += await end(mine.filter(claim));
        after = mine.at(-1)?.id ?? after;
      }
    },

    async verdictFor(delivery, verdict) {
      if (!condemned.delete(delivery.id) || verdict.kind === 'done') return verdict;
      const event = await eventFor(delivery, verdict.attempts);
      return { kind: 'done', events: event === undefined ? verdict.events : [...verdict.events, event] };
    },

    ends(delivery) {
      if (!condemned.delete(delivery.id)) return false;
      end([delivery]).catch((err) => logger.error({ err, delivery: delivery.id }, 'could not end a delivery of a domain that was cleared'));
      return true;
    },
  };
}
