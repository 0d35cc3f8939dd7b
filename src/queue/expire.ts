/**
 * Ends deliveries that expire without being tried: behind a suspended path, a hold or many others. They fail as they would at an attempt. Walks the
 * open deliveries of messages that are old enough to have expired, a part at a time; nothing is kept between walks.
 */
import type { Logger } from 'pino';
import { type Clock, type Delivery, firstIdAt, MINUTE, type Outcome } from '#core';
import type { Recorder } from '#events';
import type { Settlement, SpoolStore } from '#store';
import type { ClockJumps, Era } from './clock-jumps.js';
import type { Flows } from './flows/flows.js';
import { SHORTEST_LIFETIME } from './retry-schedule.js';
import type { SettleRows } from './settle.js';

/** Deliveries ended in one commit. */
const PART = 200;
const PERIOD = MINUTE;
/** Ids are made a little before or after the time of acceptance. */
const SLACK = MINUTE;

/** The end of a message that outlived its time; the code is Mailgun's. */
export function tooOld({ last }: Delivery): Extract<Outcome, { kind: 'failed' }> {
  return {
    kind: 'failed',
    reply: { code: 602, enhancedCode: '', text: 'Too old' },
    stage: 'local',
    reason: 'old',
    connection: last?.mxHost === undefined ? {} : { mxHost: last.mxHost },
    sessionMs: 0,
  };
}

export interface ExpireDeps {
  spool: Pick<SpoolStore, 'expired' | 'message'>;
  settle: SettleRows;
  flows: Pick<Flows, 'inHand' | 'returnRow' | 'pullReady'>;
  clock: Clock;
  jumps: Pick<ClockJumps, 'eras' | 'expiryOf'>;
  recorder: Recorder;
  logger: Logger;
  accountId: (account: number) => Promise<string>;
  committed: () => void;
}

type Expired = Awaited<ReturnType<SpoolStore['expired']>>;

export interface Expiry {
  /** One walk. Gives how many deliveries it ended; those in somebody's hands are left to their attempt. */
  run(): Promise<number>;
  start(): void;
  stop(): void;
}

export function makeExpiry({ spool, settle, flows, clock, jumps, recorder, logger, accountId, committed }: ExpireDeps): Expiry {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  async function settlementOf(delivery: Delivery): Promise<Settlement | undefined> {
    const message = await spool.message(delivery.message);
    if (message === undefined || clock.now() < jumps.expiryOf(message)) return undefined;
    const fields = { message, accountId: await accountId(delivery.account), delivery, attempt: delivery.attempts + 1 };
    const event = recorder.failed({ ...fields, outcome: tooOld(delivery), severity: 'permanent' });
    return { kind: 'done', key: delivery, message: message.id, at: clock.now(), events: [event] };
  }

  async function end(rows: Delivery[]): Promise<number> {
    // A delivery that is in memory only to wait for its turn may have many before it.
    const mine = rows.filter((row) => !flows.inHand.has(row.id) || flows.pullReady(row));
    for (const { id } of mine) flows.inHand.add(id);
    try {
      const settlements = await Promise.all(mine.map(settlementOf));
      const found = await settle(settlements.filter((one) => one !== undefined));
      committed();
      for (const [index, row] of mine.entries()) {
        if (settlements[index] === undefined) flows.returnRow(row);
        else flows.inHand.delete(row.id);
      }
      return found.filter(Boolean).length;
    } catch (error) {
      // A read may have passed over them meanwhile.
      for (const row of mine) flows.returnRow(row);
      throw error;
    }
  }

  async function walk({ from, before, now }: Era): Promise<number> {
    let ended = 0;
    let after: { message: number; id: number } | undefined = { message: from - 1, id: Number.MAX_SAFE_INTEGER };
    while (after !== undefined && !isStopped) {
      const { rows, next }: Expired = await spool.expired(now, after, before, PART);
      if (rows.length > 0 && !isStopped) ended += await end(rows);
      after = next;
    }
    return ended;
  }

  async function run(): Promise<number> {
    const eras = jumps.eras();
    // Ids grow with the clock, so they say what is old enough to be looked at; but not when the clock was set since.
    const [only] = eras;
    if (only !== undefined && eras.length === 1) return walk({ ...only, before: firstIdAt(only.now - SHORTEST_LIFETIME + SLACK) });
    let ended = 0;
    for (const era of eras) ended += await walk(era);
    return ended;
  }

  function arm(): void {
    if (isStopped) return;
    timer = setTimeout(() => {
      run()
        .then((ended) => ended > 0 && logger.info({ ended }, 'deliveries that waited too long have expired'))
        .catch((err) => logger.error({ err }, 'could not end expired deliveries'))
        .finally(arm);
    }, PERIOD);
    timer.unref();
  }

  return {
    run,
    start: arm,
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
