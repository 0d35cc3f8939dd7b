/**
 * When the wall clock is set back, due times are too far ahead: mail that was due already, and mail that was deferred by minutes, would wait as long as
 * the clock was set back by. Such deliveries are brought forward, a part at a time, when the clock is set while we run and when it was set before we
 * started. Mail that its sender scheduled keeps its time, which is meant by the wall clock.
 */
import type { Logger } from 'pino';
import { type Clock, MINUTE, SECOND } from '#core';
import type { SpoolStore, WaitingDelivery } from '#store';
import type { Jump } from './clock-jumps.js';
import type { Flows } from './flows/flows.js';
import { LONGEST_DELAY, RETRY_DELAYS } from './retry-schedule.js';
import type { SettleRows } from './settle.js';

type Part = Awaited<ReturnType<SpoolStore['dueAfter']>>;

/** Deliveries moved in one commit. */
const PART = 200;
/** A message that was accepted this far in the future was accepted before the clock was set, ms. */
const SLACK = MINUTE;
const AFTER_START = 10 * SECOND;
/** While there is mail from before the clock was set, it is looked for again: deliveries that were in somebody's hands are back by then. */
const AGAIN_AFTER = 10 * MINUTE;
/** How much longer than its delay a delivery may wait: for the schedule's jitter, and some time to look. */
const ROOM = 1.2;

/** When the delivery should be due instead; undefined when its time is right. `jump`: the jump that was seen, if one was. */
export function decideDue(delivery: WaitingDelivery, now: number, jump?: Jump): number | undefined {
  const { attempts, due, acceptedAt, message } = delivery;
  if (jump !== undefined && message >= jump.before) return undefined;
  // A first attempt was due by the old clock: at the jump that was seen or, without one, because its sender did not schedule it.
  if (attempts === 0) return due <= (jump === undefined ? acceptedAt : now - jump.by) ? now : undefined;
  const delay = RETRY_DELAYS[attempts - 1];
  const longest = now + Math.round(ROOM * (delay ?? (jump === undefined ? LONGEST_DELAY : 0)));
  if (due <= longest) return undefined;
  return jump === undefined ? longest : Math.max(now, due + jump.by);
}

export interface BringForwardDeps {
  spool: Pick<SpoolStore, 'dueAfter'>;
  settle: SettleRows;
  flows: Pick<Flows, 'inHand' | 'returnRow'>;
  clock: Clock;
  logger: Logger;
}

export interface BringForward {
  /** Looks once: after a jump, or without one for mail from before the clock was set. Gives how many deliveries it moved. */
  run(jump?: Jump): Promise<number>;
  /** Looks soon after the start, and again while there is mail from before the clock was set. */
  start(): void;
  /** The clock was set back. */
  afterJump(jump: Jump): void;
  stop(): void;
}

export function makeBringForward({ spool, settle, flows, clock, logger }: BringForwardDeps): BringForward {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  /** One walk at a time. */
  let walking: Promise<unknown> = Promise.resolve();

  async function move(rows: WaitingDelivery[], jump: Jump | undefined): Promise<number> {
    const now = clock.now();
    const mine = rows
      .map((row) => ({ row, due: flows.inHand.has(row.id) ? undefined : decideDue(row, now, jump) }))
      .flatMap(({ row, due }) => (due === undefined ? [] : [{ row, due }]));
    if (mine.length === 0) return 0;
    for (const { row } of mine) flows.inHand.add(row.id);
    let found: boolean[] = [];
    try {
      found = await settle(
        mine.map(({ row, due }) => {
          const { message, attempts, last } = row;
          return { kind: 'defer', key: row, message, due, attempts, last, events: [] };
        }),
      );
    } finally {
      // One that was not found has ended or moved since it was read: its flow is read from the beginning.
      for (const [index, { row, due }] of mine.entries()) flows.returnRow({ ...row, due: found[index] ? due : 0 });
    }
    return found.filter(Boolean).length;
  }

  async function walk(jump?: Jump): Promise<{ moved: number; seen: number }> {
    const now = clock.now();
    const times = { due: now, accepted: jump === undefined ? now + SLACK : 0 };
    let after: { message: number; id: number } | undefined = { message: 0, id: 0 };
    const counts = { moved: 0, seen: 0 };
    while (after !== undefined && !isStopped) {
      const { rows, next }: Part = await spool.dueAfter(times, after, PART);
      counts.seen += rows.length;
      if (!isStopped) counts.moved += await move(rows, jump);
      after = next;
    }
    return counts;
  }

  function tell(moved: number): void {
    if (moved > 0) logger.warn({ moved }, 'the clock was set back: mail that would wait too long is due sooner');
  }

  async function look(): Promise<void> {
    const { moved, seen } = await walk();
    tell(moved);
    if (seen > 0) arm(AGAIN_AFTER);
  }

  function arm(ms: number): void {
    clearTimeout(timer);
    if (isStopped) return;
    timer = setTimeout(() => enqueue(look), ms);
    timer.unref();
  }

  function enqueue(work: () => Promise<void>): void {
    walking = walking.then(work).catch((err) => {
      logger.error({ err }, 'could not look for mail that a clock that was set back keeps waiting');
      arm(AGAIN_AFTER);
    });
  }

  return {
    run: async (jump) => (await walk(jump)).moved,
    start: () => arm(AFTER_START),
    afterJump(jump) {
      enqueue(async () => {
        tell((await walk(jump)).moved);
        arm(AGAIN_AFTER);
      });
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
