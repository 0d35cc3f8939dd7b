/** The sources on warm-up: what they may send, and what they sent, in memory and a second later on disk. */
import type { Logger } from 'pino';
import { type Clock, SECOND } from '#core';
import type { WarmupRecord, WarmupStore } from '#store';
import { newPlan, noteComplaint, noteSent, sendableAt } from './warmup-plan.js';

/** A peer took a message or refused it for good, or the recipient complained about it later. */
export type WarmupNews = 'taken' | 'refused' | 'complained';

export interface Warmups {
  list(): readonly WarmupRecord[];
  find(source: string): WarmupRecord | undefined;
  /** From its first stage; the plan it has if it is on warm-up already. Durable when it resolves. */
  begin(source: string): Promise<WarmupRecord>;
  /** False when the source is not on warm-up. Durable when it resolves. */
  cancel(source: string): Promise<boolean>;
  /** When the source may send more than the `waiting` messages it was given, ms since the epoch; 0: now. */
  sendableAt(source: string, waiting: number): number;
  /** Of a message from there; `source` is the name of the source. Whoever learns of complaints tells them here. */
  note(source: string, news: WarmupNews): void;
  /** Called when a source may send more than before without being asked. */
  onChange(listener: () => void): void;
  /** Reads what an earlier process left. */
  load(): Promise<void>;
  /** Writes what is not written yet. */
  stop(): Promise<void>;
}

export interface WarmupsDeps {
  store: WarmupStore;
  clock: Clock;
  logger: Logger;
}

const WRITE_EVERY = SECOND;

export function makeWarmups({ store, clock, logger }: WarmupsDeps): Warmups {
  const plans = new Map<string, WarmupRecord>();
  const unwritten = new Set<string>();
  const listeners: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;

  const changed = () => {
    for (const listener of listeners) listener();
  };

  async function write(): Promise<void> {
    timer = undefined;
    const sources = [...unwritten];
    unwritten.clear();
    for (const source of sources) {
      const plan = plans.get(source);
      try {
        await (plan === undefined ? store.deleteWarmup(source) : store.saveWarmup(plan));
      } catch (err) {
        // Tried again with the next message.
        unwritten.add(source);
        logger.error({ err, source }, 'could not write down what a source sent on warm-up');
      }
    }
  }

  function touch(source: string): void {
    unwritten.add(source);
    timer ??= setTimeout(() => void write(), WRITE_EVERY).unref();
  }

  return {
    list: () => [...plans.values()],
    find: (source) => plans.get(source),
    async begin(source) {
      const known = plans.get(source);
      if (known !== undefined) return known;
      const plan = newPlan(source, clock.now());
      await store.saveWarmup(plan);
      plans.set(source, plan);
      return plan;
    },
    async cancel(source) {
      if (!plans.has(source)) return false;
      await store.deleteWarmup(source);
      plans.delete(source);
      unwritten.delete(source);
      changed();
      return true;
    },
    sendableAt(source, waiting) {
      const plan = plans.get(source);
      return plan === undefined ? 0 : sendableAt(plan, waiting, clock.now());
    },
    note(source, news) {
      const plan = plans.get(source);
      if (plan === undefined) return;
      const now = clock.now();
      const next = news === 'complained' ? noteComplaint(plan, now) : noteSent(plan, news === 'refused', now);
      if (next === undefined) plans.delete(source);
      else plans.set(source, next);
      touch(source);
      if (next?.stage === plan.stage) return;
      logger.info({ source, stage: next?.stage, sent: plan.sent, bounced: plan.bounced }, 'warm-up of a source goes to another stage');
      changed();
    },
    onChange: (listener) => void listeners.push(listener),
    async load() {
      for (const plan of await store.warmups()) plans.set(plan.source, plan);
    },
    async stop() {
      clearTimeout(timer);
      await write();
    },
  };
}
